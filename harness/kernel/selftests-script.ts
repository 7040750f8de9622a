// SPDX-License-Identifier: MIT

/**
 * Builds the targets that are its arguments and copies what a target installs. It takes the lists from the target's own
 * Makefile; rsync, which `make install` needs, is not. What it says about a target stands in files of the target's
 * directory: `.programs` has the name of each test, `.notBuilt` those that did not compile and why, `.absent` is there where
 * the tree has no such target.
 */
export const SELFTESTS_SCRIPT = `set -u
cd "$KTRIAL_TREE" || exit 70
make -s -j"$KTRIAL_JOBS" O="$KTRIAL_OUTPUT" ARCH="$KTRIAL_ARCH" headers || exit 71
install=$KTRIAL_OUTPUT/install
top=tools/testing/selftests
mkdir -p "$install"
cp -rL $top/kselftest "$install/" 2>/dev/null
for target in "$@"; do
  source=$top/$target
  objects=$KTRIAL_OUTPUT/kselftest/$target
  to=$install/$target
  mkdir -p "$objects" "$to"
  if [ ! -f "$source/Makefile" ]; then
    echo "$target" >"$to/.absent"
    continue
  fi
  run_make() {
    make -s --no-print-directory -k -C "$source" "OUTPUT=$objects" "O=$KTRIAL_OUTPUT" "ARCH=$KTRIAL_ARCH" \\
      "CC=gcc -static" "KHDR_INCLUDES=-isystem $KTRIAL_OUTPUT/usr/include" "$@"
  }
  run_make -j"$KTRIAL_JOBS" all >"$objects/.log" 2>&1
  cat "$objects/.log"
  run_make --eval='ktrial-list:
	@for one in $(TEST_GEN_PROGS) $(TEST_CUSTOM_PROGS) $(TEST_PROGS); do echo program $$one; done
	@for one in $(TEST_PROGS_EXTENDED) $(TEST_FILES) $(TEST_GEN_PROGS_EXTENDED) $(TEST_GEN_FILES) $(wildcard config settings); do echo file $$one; done
	@for one in $(TEST_INCLUDES); do echo include $$one; done' ktrial-list >"$objects/.list"
  : >"$to/.programs"
  while read -r kind path; do
    case $path in /*) from=$path ;; *) from=$source/$path ;; esac
    name=$(basename "$path")
    case $kind in
    include)
      real=$(realpath "$from") && below=\${real#"$(realpath $top)"/} && mkdir -p "$install/shared/$(dirname "$below")" &&
        cp -rL "$from" "$install/shared/$below" 2>/dev/null
      continue ;;
    program) echo "$name" >>"$to/.programs" ;;
    esac
    if [ -e "$from" ]; then
      cp -rL "$from" "$to/"
    elif [ "$kind" = program ]; then
      why=$(grep -m1 -E 'error:|cannot find|undefined reference' "$objects/.log" | cut -c1-200)
      printf '%s\\t%s\\n' "$name" "\${why:-it was not made}" >>"$to/.notBuilt"
    fi
  done <"$objects/.list"
done
`;
