/* Splits a line into tokens. */
#ifndef LEXER_H
#define LEXER_H

enum token_kind { TOKEN_NUMBER, TOKEN_OPERATOR, TOKEN_END, TOKEN_BAD };

struct token {
    enum token_kind kind;
    double number;
    char operator;
};

struct token next_token(const char **text);

#endif
