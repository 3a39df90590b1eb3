#include "yaml_problem.h"

#include <errno.h>
#include <stdio.h>

/* libyaml's words (a prefix of them), ours, and what to do about it. The first match counts. */
static const struct {
	const char *theirs;
	const char *ours;
	const char *cure;
} problems[] = {
	{ "found character that cannot start any token", "this character cannot begin a value here",
	  "put the value in quotes" },
	{ "found a tab character", "a tab is used for indentation", "indent with spaces" },
	{ "mapping values are not allowed", "a key and its value cannot begin here",
	  "check the indentation, and put text that holds \": \" in quotes" },
	{ "did not find expected key", "this line does not fit the lines above it",
	  "indent keys of one section alike, and close quotes and brackets" },
	{ "could not find expected ':'", "a \":\" is missing after a key", "write \"key: value\"" },
	{ "did not find expected '-' indicator", "this line does not fit the list above it",
	  "begin each item with \"- \" in the same column" },
	{ "block sequence entries are not allowed", "a list item cannot begin here",
	  "put each \"- item\" on a line of its own under its key" },
	{ "block mapping entries are not allowed", "a key cannot begin here", "put it on a line of its own" },
	{ "did not find expected ',' or ']'", "a list in [brackets] is not closed",
	  "separate items with \",\" and close it with \"]\"" },
	{ "did not find expected ',' or '}'", "a map in {braces} is not closed",
	  "separate members with \",\" and close it with \"}\"" },
	{ "did not find expected node content", "a value is missing or begins with a wrong character",
	  "write a value, or put it in quotes" },
	{ "found unexpected end of stream", "a quote is opened but never closed", "close it" },
	{ "found unknown escape character", "a backslash between double quotes begins an escape this is not",
	  "double the backslash or use single quotes" },
	{ "did not find expected hexdecimal number", "an escape lacks its hexadecimal digits",
	  "double the backslash or use single quotes" },
	{ "found invalid Unicode character escape code",
	  "this escape stands for no character (surrogate pairs are JSON's alone)",
	  "write the character itself or \\U0001F600" },
	{ "found unexpected document indicator", "\"---\" or \"...\" stands inside a quoted text",
	  "close the quote" },
	{ "did not find expected <document start>", "text follows after the end of the document",
	  "remove it or check the indentation of the first lines" },
	{ "found undefined tag handle", "this tag is not known", "remove it or put the text in quotes" },
	{ "found incompatible YAML document", "the %YAML line asks for a version this program does not know",
	  "remove it" },
	{ "control characters are not allowed", "the text holds a control character", "remove it" },
};

static bool is_encoding_problem(const char *problem)
{
	return strstr(problem, "UTF-8") || strstr(problem, "UTF-16") || strstr(problem, "Unicode") ||
	       strstr(problem, "surrogate");
}

/* The reader fails before lines are counted: it knows a byte offset only. */
static void place_of_offset(struct view text, size_t offset, unsigned *line, unsigned *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset && i < text.len; i++) {
		if (text.data[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text.data[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

static const char *context_of(const yaml_parser_t *parser, char *out, size_t size)
{
	out[0] = 0;
	if (parser->error != YAML_READER_ERROR && parser->context &&
	    parser->context_mark.line != parser->problem_mark.line)
		snprintf(out, size, " (it began on line %zu)", parser->context_mark.line + 1);
	return out;
}

static int set_sentence(const yaml_parser_t *parser, struct view text, const char *place, struct err *err)
{
	const char *problem = parser->problem ? parser->problem : "malformed YAML";
	size_t index = parser->problem_mark.index;
	char context[48];
	/* A tab where a token should begin is the commonest of all mistakes and has the vaguest message. */
	if (parser->error == YAML_SCANNER_ERROR && index < text.len && text.data[index] == '\t')
		return err_set(err, ERR_SYNTAX, place, "a tab is used for indentation; indent with spaces");
	context_of(parser, context, sizeof(context));
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		if (strncmp(problem, problems[i].theirs, strlen(problems[i].theirs)) == 0)
			return err_set(err, ERR_SYNTAX, place, "%s%s; %s", problems[i].ours, context,
				       problems[i].cure);
	if (is_encoding_problem(problem))
		return err_set(err, ERR_SYNTAX, place, "the text is not valid UTF-8; save the file as UTF-8");
	return err_set(err, ERR_SYNTAX, place, "%s%s; check quotes, brackets and indentation", problem,
		       context);
}

int yaml_problem_set(const yaml_parser_t *parser, struct view text, const char *name, struct err *err)
{
	char place[256];
	if (parser->error == YAML_MEMORY_ERROR)
		return err_set(err, -ENOMEM, name, "out of memory");
	unsigned line = (unsigned)parser->problem_mark.line + 1,
		 column = (unsigned)parser->problem_mark.column + 1;
	if (parser->error == YAML_READER_ERROR)
		place_of_offset(text, parser->problem_offset, &line, &column);
	snprintf(place, sizeof(place), "%s:%u:%u", name, line, column);
	return set_sentence(parser, text, place, err);
}
