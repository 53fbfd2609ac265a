# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for nm-divert(1)

function __nm_divert_sites
    nm-divert complete sites 2>/dev/null
end

function __nm_divert_connections
    nm-divert complete connections 2>/dev/null
end

set -l commands status switch trust forget explain doctor plan reload check-config

complete -c nm-divert -f
complete -c nm-divert -n __fish_use_subcommand -l help -d 'Show the commands'
complete -c nm-divert -n __fish_use_subcommand -l version -d 'Show the version'
complete -c nm-divert -n __fish_use_subcommand -a status -d 'Show where this machine is, and why'
complete -c nm-divert -n __fish_use_subcommand -a switch -d 'Set the mode'
complete -c nm-divert -n __fish_use_subcommand -a trust -d 'Learn the network of now as a site'
complete -c nm-divert -n __fish_use_subcommand -a forget -d 'Undo trust'
complete -c nm-divert -n __fish_use_subcommand -a explain -d 'Tell which way a packet takes'
complete -c nm-divert -n __fish_use_subcommand -a doctor -d 'Find what stands in the way'
complete -c nm-divert -n __fish_use_subcommand -a plan -d 'Print the rules without touching anything'
complete -c nm-divert -n __fish_use_subcommand -a reload -d 'Have the configuration read again'
complete -c nm-divert -n __fish_use_subcommand -a check-config -d 'Check the configuration'
complete -c nm-divert -n "__fish_seen_subcommand_from $commands" -l help -d 'Show help'

complete -c nm-divert -n '__fish_seen_subcommand_from status' -l json -d 'Print JSON'
complete -c nm-divert -n '__fish_seen_subcommand_from status' -l watch -d 'Print again at every change'

complete -c nm-divert -n '__fish_seen_subcommand_from switch' -a 'auto away off (__nm_divert_sites)'
complete -c nm-divert -n '__fish_seen_subcommand_from switch' -l for -x -a '10m 30m 1h 2h 1d' \
    -d 'Return to auto after this time'
complete -c nm-divert -n '__fish_seen_subcommand_from switch' -l until-network-change \
    -d 'Return to auto with another network'

complete -c nm-divert -n '__fish_seen_subcommand_from trust forget' -a '(__nm_divert_sites)'
complete -c nm-divert -n '__fish_seen_subcommand_from trust forget' -l connection -x -a '(__nm_divert_connections)' \
    -d 'Which connection'
complete -c nm-divert -n '__fish_seen_subcommand_from trust' -l internet-direct -d 'Let everything go direct there'
complete -c nm-divert -n '__fish_seen_subcommand_from trust' -l dns-direct -d 'Let DNS go direct there'
complete -c nm-divert -n '__fish_seen_subcommand_from trust' -l yes -d 'Do not ask'

complete -c nm-divert -n '__fish_seen_subcommand_from explain plan' -l as -x -a 'away off (__nm_divert_sites)' \
    -d 'Suppose this place'
complete -c nm-divert -n '__fish_seen_subcommand_from explain' -l from -x -a '(__fish_print_interfaces)' \
    -d 'A packet from this device or address'
complete -c nm-divert -n '__fish_seen_subcommand_from explain' -l flow -x -d 'Tell about the running flow from there'
complete -c nm-divert -n '__fish_seen_subcommand_from plan' -l backend -x -a 'iptables nftables' \
    -d 'In the words of this backend'
complete -c nm-divert -n '__fish_seen_subcommand_from explain doctor' -l json -d 'Print JSON'

complete -c nm-divert -n '__fish_seen_subcommand_from check-config' -F
