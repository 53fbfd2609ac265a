# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for nm-divert(1)

# _nm_divert_take LINES: offers all of them.
_nm_divert_take()
{
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ -n $line ]] && COMPREPLY+=("$line")
  done <<<"$1"
}

# _nm_divert_match CURRENT LINES: offers those that begin with CURRENT.  Each is on a line of its own, because the names
# of connections may contain blanks.
_nm_divert_match()
{
  local current=$1 line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ -n $line && $line == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
  done <<<"$2"
}

_nm_divert()
{
  local commands='status switch trust forget explain doctor plan reload check-config'
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  local options

  if ((COMP_CWORD == 1)); then
    _nm_divert_take "$(compgen -W "$commands --help --version" -- "$cur")"
    return
  fi

  case $command in
    status) options='--json --watch' ;;
    switch) options='--for --until-network-change' ;;
    trust) options='--connection --dns-direct --internet-direct --yes' ;;
    forget) options='--connection' ;;
    explain) options='--as --flow --from --json' ;;
    doctor) options='--json' ;;
    plan) options='--as --backend' ;;
    reload | check-config) options='' ;;
    *) return ;;
  esac

  case $prev in
    --connection)
      _nm_divert_match "$cur" "$(nm-divert complete connections 2>/dev/null)"
      return
      ;;
    --as)
      _nm_divert_match "$cur" "$(printf '%s\n' away off; nm-divert complete sites 2>/dev/null)"
      return
      ;;
    --backend)
      _nm_divert_take "$(compgen -W 'iptables nftables' -- "$cur")"
      return
      ;;
    --for)
      _nm_divert_take "$(compgen -W '10m 30m 1h 2h 1d' -- "$cur")"
      return
      ;;
  esac

  if [[ $cur == -* ]]; then
    _nm_divert_take "$(compgen -W "$options --help" -- "$cur")"
    return
  fi
  case $command in
    switch) _nm_divert_match "$cur" "$(printf '%s\n' auto away off; nm-divert complete sites 2>/dev/null)" ;;
    trust | forget) _nm_divert_match "$cur" "$(nm-divert complete sites 2>/dev/null)" ;;
    check-config) _nm_divert_take "$(compgen -f -- "$cur")" ;;
  esac
}

complete -F _nm_divert nm-divert
