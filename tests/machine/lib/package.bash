# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package, for the cases that need one: $CACHE/package-SUITE, made when the source has changed.

package_get ()
{
  local dir=$CACHE/package-$1

  [[ $(cat "$dir/hash" 2>/dev/null) == "$PRODUCT" ]] && return
  echo "# making the package for $1"
  rm -rf "$dir"
  "$SOURCE/packaging/build" deb "$1" --output "$dir" && echo "$PRODUCT" >"$dir/hash"
}

# The machine gets it as /root/nm-divert.deb.
package_send ()
{
  local deb

  deb=$(echo "$CACHE/package-$SUITE"/nm-divert_*.deb)
  [[ -f $deb ]] || die "there is no package in $CACHE/package-$SUITE"
  machine_run 60 "base64 -d >/root/nm-divert.deb <<'END'"$'\n'"$(base64 "$deb")"$'\n'END ||
    die "the package is not in the machine"
}
