/* Evaluates an expression of numbers, + - * / and parentheses. */
#ifndef EVAL_H
#define EVAL_H

/* Returns NULL and sets *result, or returns what is wrong. */
const char *eval(const char *text, double *result);

#endif
