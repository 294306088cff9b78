C:\out\a.obj: C:/src/a.c D:\inc\b.h
