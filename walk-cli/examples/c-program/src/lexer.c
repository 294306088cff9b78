#include "lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct token next_token(const char **text)
{
    struct token token = { TOKEN_END, 0.0, '\0' };
    while (isspace((unsigned char)**text))
        ++*text;
    if (**text == '\0')
        return token;
    if (isdigit((unsigned char)**text)) {
        char *end;
        token.kind = TOKEN_NUMBER;
        token.number = strtod(*text, &end);
        *text = end;
        return token;
    }
    token.kind = strchr("+-*/()", **text) ? TOKEN_OPERATOR : TOKEN_BAD;
    token.operator = *(*text)++;
    return token;
}
