a.o:a.c
b.o::b.c
: c
