#!/bin/sh
# run.sh with a cmake, a ctest and a gcovr that fail where they are told to: no part hides another.
#
#     test_run.sh RUN.SH WORK
set -eu
script=$1 work=$2
rm -rf "$work"
mkdir -p "$work/tests" "$work/bin"

# A copy that finds only what is in $work/bin, where every package is installed.
sed "s|/usr/bin/|$work/bin/|g" "$script" >"$work/tests/run.sh"
PATH=$work/bin:$PATH
export PATH
cat >"$work/bin/dpkg-query" <<'EOF'
#!/bin/sh
echo install ok installed
EOF
cat >"$work/bin/cmake" <<'EOF'
#!/bin/sh
case $*:$BREAK in
*--build*test-tsan*:*tsan-build*) echo "no rule to make it"; exit 2 ;;
-S*) mkdir -p "$4" ;;
esac
EOF
cat >"$work/bin/ctest" <<'EOF'
#!/bin/sh
while [ "$1" != --output-log ]; do shift; done
case $PWD:$BREAK in
*test-asan:*asan-tests*) said="50% tests passed, 1 tests failed out of 2

The following tests FAILED:
	  2 - unit/net (Failed)" status=8 ;;
*) said="100% tests passed, 0 tests failed out of 2" status=0 ;;
esac
echo "$said" | tee "$2"
exit $status
EOF
cat >"$work/bin/gcovr" <<'EOF'
#!/bin/sh
case $BREAK in *lines*) exit 2 ;; esac
EOF
chmod +x "$work"/bin/*

# expect STATUS BREAK ARGUMENT...: run it, broken so
expect()
{
    wanted=$1 BREAK=$2
    export BREAK
    shift 2
    status=0
    sh "$work/tests/run.sh" "$@" >"$work/log" 2>&1 || status=$?
    sed '1,/^run.sh:/d' "$work/log" >"$work/end"
    if [ $status -ne "$wanted" ]; then
        cat "$work/log"
        echo "run.sh $* ended with $status instead of $wanted where this was broken: $BREAK" >&2
        exit 1
    fi
}

# says TEXT: the end, without what is before "run.sh: ..."
says()
{
    echo "$1" | diff - "$work/end" || {
        echo "run.sh ended with other lines than these: $1" >&2
        exit 1
    }
}

passed="100% tests passed, 0 tests failed out of 2"
expect 0 nothing
says "== release
$passed
== asan
$passed
== threads
$passed"
expect 1 asan-tests,tsan-build tsan asan release
grep -q '^run.sh: these failed: tsan asan$' "$work/log"
says "== tsan
the build failed
== asan
50% tests passed, 1 tests failed out of 2

The following tests FAILED:
	  2 - unit/net (Failed)
== release
$passed"
expect 1 lines coverage valgrind
says "== coverage
$passed
gcovr: failed, or less than 95 % of the lines of lib/ were run
== valgrind
$passed"
expect 0 nothing --all
says "$(for part in release asan tsan long asan-long tsan-long valgrind mutation coverage; do
    echo "== $part"
    echo "$passed"
done)"
expect 0 nothing --help
expect 0 nothing release --help
if grep -q '^==' "$work/log" || ! grep -q '^Usage:' "$work/log"; then
    echo "run.sh release --help does not print the help alone" >&2
    exit 1
fi
expect 2 nothing nonsense
expect 2 nothing --all release
