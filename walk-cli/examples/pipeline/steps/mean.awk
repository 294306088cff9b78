# Prints the mean of the second column.
{ sum += $2 }
END { if (NR) printf "%.2f\n", sum / NR; else print "no data" }
