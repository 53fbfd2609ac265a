# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for nm-divert(1)

# Words with blanks in them (names of connections) come one a line.
_nm_divert_lines()
{
  local current=$1 line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ $line == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
  done
}

_nm_divert()
{
  local commands='status switch trust forget explain plan reload check-config'
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  local options

  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$cur")
    return
  fi

  case $command in
    status) options='--json --watch' ;;
    switch) options='--for --until-network-change' ;;
    trust) options='--connection --yes' ;;
    forget) options='--connection' ;;
    explain) options='--as --json' ;;
    plan) options='--as' ;;
    reload | check-config) options='' ;;
    *) return ;;
  esac

  case $prev in
    --connection)
      _nm_divert_lines "$cur" < <(nm-divert complete connections 2>/dev/null)
      return
      ;;
    --as)
      _nm_divert_lines "$cur" < <(printf '%s\n' away off; nm-divert complete sites 2>/dev/null)
      return
      ;;
    --for)
      mapfile -t COMPREPLY < <(compgen -W '10m 30m 1h 2h 1d' -- "$cur")
      return
      ;;
  esac

  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur")
    return
  fi
  case $command in
    switch) _nm_divert_lines "$cur" < <(printf '%s\n' auto away off; nm-divert complete sites 2>/dev/null) ;;
    trust | forget) _nm_divert_lines "$cur" < <(nm-divert complete sites 2>/dev/null) ;;
    check-config) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
  esac
}

complete -F _nm_divert nm-divert
