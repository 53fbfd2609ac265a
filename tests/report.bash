# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the checks of documentation: TAP, and a directory for what they compare.  They use files instead of <(…),
# because a build chroot may lack /dev/fd.

n=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# needs PROGRAM…: a check that lacks one of them is skipped, and says which.
needs ()
{
  local program
  for program; do
    command -v "$program" >/dev/null || skip "needs $program, which is not installed"
  done
}

skip ()
{
  echo "1..0 # SKIP $*"
  exit 0
}

# report DESCRIPTION OFFENDERS: there should be none.
report ()
{
  n=$((n + 1))
  if [[ -z $2 ]]; then
    echo "ok $n - $1"
  else
    failed=1
    echo "not ok $n - $1"
    sed 's/^/# /' <<<"$2"
  fi
}

# ok DESCRIPTION COMMAND…: COMMAND must succeed.
ok ()
{
  local description=$1 said
  shift
  if said=$("$@" 2>&1); then
    report "$description" ""
  else
    report "$description" "$*: ${said:-failed}"
  fi
}

# is DESCRIPTION EXPECTED ACTUAL
is ()
{
  if [[ $2 == "$3" ]]; then
    report "$1" ""
  else
    report "$1" "expected: $2"$'\n'"actual: $3"
  fi
}

finish ()
{
  echo "1..$n"
  exit "$failed"
}
