#include "eval.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    double result;
    if (argc != 2) {
        fprintf(stderr, "usage: calc EXPRESSION\n");
        return 2;
    }
    const char *error = eval(argv[1], &result);
    if (error != NULL) {
        printf("error: %s\n", error);
        return 1;
    }
    printf("%g\n", result);
    return 0;
}
