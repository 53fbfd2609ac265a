# SPDX-License-Identifier: GPL-2.0-or-later
# The product, built as README.md says, but without the tests, inside the suite's files (in a chroot, at this machine's
# own speed, because inside the guest it takes nine minutes), and a disk with the source and its build for the guest to
# install from.
#
#   $IMAGE/tree           the source as a person has it, with build/; it is updated, not made again
#   $IMAGE/tree.ext4      the same as a disk; tools/ has the static programs for both sides

# product_get: builds what has changed since then. Sets TREE, and PRODUCT, a hash of the source.
product_get ()
{
  TREE=$IMAGE/tree
  PRODUCT=$(cd "$SOURCE" && product_files | xargs -d '\n' sha256sum | sha256sum)
  PRODUCT=${PRODUCT:0:12}
  [[ $(cat "$IMAGE/tree.hash" 2>/dev/null) == "$PRODUCT" ]] && return
  rm -f "$IMAGE/tree.hash"
  echo "# building for ${IMAGE##*/}"
  product_copy
  if ! unshare --mount --pid --fork --kill-child \
      bash -euo pipefail -c 'source "$1/lib/product.bash"; product_build "$2" "$3"' \
      product "$MACHINE" "$IMAGE/root" "$TREE" >"$IMAGE/build.log" 2>&1 </dev/null; then
    tail -n 20 "$IMAGE/build.log" | sed 's/^/# /'
    return 1
  fi
  rm -f "$IMAGE/tree.ext4"
  truncate -s 1G "$IMAGE/tree.ext4"
  mkfs.ext4 -q -F -E lazy_itable_init=0 -d "$TREE" "$IMAGE/tree.ext4" || return 1
  echo "$PRODUCT" >"$IMAGE/tree.hash"
}

# The tests in this folder are not part of what is installed, except for the program that is compiled.
product_files ()
{
  git ls-files -co --exclude-standard | grep -vE '^(tests/machine/|\.ci/)' | while read -r file; do
    [[ ! -f $file ]] || echo "$file"
  done
  echo tests/machine/guest/load.c
}

# Only differences are written, so that the build sees what has changed.
product_copy ()
{
  local file

  mkdir -p "$TREE"
  while read -r file; do
    cmp -s "$SOURCE/$file" "$TREE/$file" || install -D -p "$SOURCE/$file" "$TREE/$file"
  done < <(cd "$SOURCE" && product_files)
  (cd "$TREE" && find . -path ./build -prune -o -path ./tools -prune -o -path ./lost+found -prune -o -type f -print) |
    sed 's,^\./,,' | sort | comm -23 - <(cd "$SOURCE" && product_files | sort) | while read -r file; do
      rm -f "$TREE/$file"
    done
}

product_build ()
{
  local root=$1 tree=$2 at=/home/anna/nm-divert

  mount --make-rprivate /
  mount --bind "$tree" "$root$at"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmp "$root/tmp"
  mount -t tmpfs tmp "$root/root"
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root bash -euc "
    cd $at
    [[ -e build/build.ninja ]] || meson setup build -Dtests=false
    meson compile -C build
    mkdir -p tools
    gcc -O2 -static -D_GNU_SOURCE -o tools/load tests/machine/guest/load.c
    gcc -O2 -static -D_GNU_SOURCE -o tools/probe tests/lab/probe/*.c"
}
