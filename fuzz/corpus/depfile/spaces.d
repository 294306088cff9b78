a\ b.o: my\ file.c back\\\ slash.h \#hash $$dollar tail\
