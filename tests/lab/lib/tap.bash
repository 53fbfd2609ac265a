# SPDX-License-Identifier: GPL-2.0-or-later
# The Test Anything Protocol.  Only a whole test can be skipped, if the lab can't exist here.

TAP_COUNT=0
TAP_FAILED=0
TAP_DONE=0

tap_result ()
{
  # One line, even if a test is about hostile text.
  local good=$1 description=${2//[[:cntrl:]]/?}

  TAP_COUNT=$((TAP_COUNT + 1))
  if ((good)); then
    echo "ok $TAP_COUNT - $description"
    return 0
  fi
  TAP_FAILED=$((TAP_FAILED + 1))
  echo "not ok $TAP_COUNT - $description"
  local frame=2
  while [[ ${BASH_SOURCE[frame]-} == */lib/*.bash ]]; do
    frame=$((frame + 1))
  done
  note "at ${BASH_SOURCE[frame]##*/}:${BASH_LINENO[frame - 1]}"
  return 0
}

# note TEXT…: a line for people.
note ()
{
  printf '%s\n' "$*" | sed 's/^/# /'
}

# ok DESCRIPTION COMMAND…: COMMAND succeeds.
ok ()
{
  local description=$1 output
  shift

  if output=$("$@" 2>&1); then
    tap_result 1 "$description"
  else
    tap_result 0 "$description"
    note "command: $*"
    note "said: $output"
  fi
}

# is DESCRIPTION GOT WANTED
is ()
{
  if [[ $2 == "$3" ]]; then
    tap_result 1 "$1"
  else
    tap_result 0 "$1"
    note "got:    $2"
    note "wanted: $3"
  fi
}

# lacks WORDS COMMAND…: COMMAND succeeds, and prints nothing that this extended regular expression finds.
lacks ()
{
  local said

  said=$("${@:2}") || return
  ! grep -E -- "$1" <<<"$said"
}

isnt ()
{
  if [[ $2 != "$3" ]]; then
    tap_result 1 "$1"
  else
    tap_result 0 "$1"
    note "got: $2"
  fi
}

# like DESCRIPTION GOT EXTENDED-REGEX
like ()
{
  if [[ $2 =~ $3 ]]; then
    tap_result 1 "$1"
  else
    tap_result 0 "$1"
    note "got:    $2"
    note "wanted: /$3/"
  fi
}

# same DESCRIPTION FILE FILE: byte for byte.
same ()
{
  local difference

  if difference=$(diff -u "$2" "$3" 2>&1); then
    tap_result 1 "$1"
  else
    tap_result 0 "$1"
    note "$(head -n 40 <<<"$difference")"
  fi
}

done_testing ()
{
  echo "1..$TAP_COUNT"
  TAP_DONE=1
  exit $((TAP_FAILED > 0))
}

# A test that ends without this has not passed.
tap_end ()
{
  if ((!TAP_DONE)); then
    echo "Bail out! The test ended before its end."
    return 1
  fi
  ((TAP_FAILED == 0))
}
