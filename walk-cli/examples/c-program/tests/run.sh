# Runs each line "EXPRESSION => ANSWER" of a file through a calculator.
calc=$1
failed=0
while IFS= read -r line; do
    expected=${line##*=> }
    actual=$("$calc" "${line%% =>*}")
    if [ "$actual" != "$expected" ]; then
        echo "${line%% =>*}: expected $expected, got $actual"
        failed=1
    fi
done < "$2"
exit $failed
