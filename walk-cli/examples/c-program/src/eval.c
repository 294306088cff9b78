#include "eval.h"
#include "lexer.h"

#include <stddef.h>

struct parser {
    const char *rest;
    struct token token;
    const char *error;
};

static double sum(struct parser *parser);

static void advance(struct parser *parser)
{
    parser->token = next_token(&parser->rest);
}

static int at(const struct parser *parser, char operator)
{
    return parser->token.kind == TOKEN_OPERATOR && parser->token.operator == operator;
}

static double fail(struct parser *parser, const char *error)
{
    if (parser->error == NULL)
        parser->error = error;
    return 0.0;
}

static double primary(struct parser *parser)
{
    double value = parser->token.number;
    if (parser->token.kind == TOKEN_NUMBER) {
        advance(parser);
        return value;
    }
    if (!at(parser, '('))
        return fail(parser, "number expected");
    advance(parser);
    value = sum(parser);
    if (!at(parser, ')'))
        return fail(parser, "closing parenthesis expected");
    advance(parser);
    return value;
}

static double product(struct parser *parser)
{
    double value = primary(parser);
    while (parser->error == NULL && (at(parser, '*') || at(parser, '/'))) {
        int divides = at(parser, '/');
        advance(parser);
        double right = primary(parser);
        if (divides && right == 0.0)
            return fail(parser, "division by zero");
        value = divides ? value / right : value * right;
    }
    return value;
}

static double sum(struct parser *parser)
{
    double value = product(parser);
    while (parser->error == NULL && (at(parser, '+') || at(parser, '-'))) {
        int subtracts = at(parser, '-');
        advance(parser);
        double right = product(parser);
        value += subtracts ? -right : right;
    }
    return value;
}

const char *eval(const char *text, double *result)
{
    struct parser parser = { text, { TOKEN_END, 0.0, '\0' }, NULL };
    advance(&parser);
    *result = sum(&parser);
    if (parser.error == NULL && parser.token.kind != TOKEN_END)
        parser.error = "operator expected";
    return parser.error;
}
