/* The functions of cJSON that we use, one row each. Their names are those of cjson/cJSON.h in this tree. */
#include "base/cjson.h"
#include "base/library.h"

#include "cjson/cJSON.h"
#include <errno.h>
#include <pthread.h>

/*  result        function                     parameters                             arguments */
#define FUNCTIONS(X)                                                                                                                       \
	X(cJSON *, Parse, (const char *text), (text))                                                                                      \
	X(cJSON *, ParseWithLength, (const char *text, size_t len), (text, len))                                                           \
	X(cJSON *, ParseWithOpts, (const char *text, const char **end, cJSON_bool whole), (text, end, whole))                              \
	X(cJSON *, ParseWithLengthOpts, (const char *text, size_t len, const char **end, cJSON_bool whole), (text, len, end, whole))       \
	X(cJSON *, GetObjectItem, (const cJSON *object, const char *name), (object, name))                                                 \
	X(cJSON *, GetObjectItemCaseSensitive, (const cJSON *object, const char *name), (object, name))                                    \
	X(cJSON *, GetArrayItem, (const cJSON *array, int i), (array, i))                                                                  \
	X(int, GetArraySize, (const cJSON *array), (array))                                                                                \
	X(char *, GetStringValue, (const cJSON *item), (item))                                                                             \
	X(char *, PrintUnformatted, (const cJSON *item), (item))                                                                           \
	X(cJSON_bool, IsArray, (const cJSON *item), (item))                                                                                \
	X(cJSON_bool, IsFalse, (const cJSON *item), (item))                                                                                \
	X(cJSON_bool, IsNull, (const cJSON *item), (item))                                                                                 \
	X(cJSON_bool, IsNumber, (const cJSON *item), (item))                                                                               \
	X(cJSON_bool, IsObject, (const cJSON *item), (item))                                                                               \
	X(cJSON_bool, IsString, (const cJSON *item), (item))                                                                               \
	X(cJSON_bool, IsTrue, (const cJSON *item), (item))

/* Written once, inside `once`. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct lode_err problem;
static bool there;
static struct {
#define X(result, name, parameters, arguments) result(*name) parameters;
	FUNCTIONS(X)
#undef X
	void (*Delete)(cJSON *);
} real;

static void open_library(void)
{
	static const char *const names[] = {"libcjson.so.1", NULL};
	static const struct lode_symbol_row rows[] = {
#define X(result, name, parameters, arguments) {"cJSON_" #name, (void **)&real.name},
	    FUNCTIONS(X)
#undef X
	    {"cJSON_Delete", (void **)&real.Delete},
	};
	void *library = lode_library_open(names, LODE_MEMORY_OWN);
	struct lode_err err = {0};

	if (!library)
		lode_err_set(&problem, ENOENT, "libcjson.so.1 is not installed");
	else if (!lode_library_isolation(LODE_MEMORY_OWN) && lode_library_foreign("cJSON_Parse", "libcjson."))
		lode_err_set(&problem, EEXIST, "this process has a cJSON_Parse of its own and a sanitizer, so libcjson cannot be kept apart");
	else if (lode_library_bind(library, rows, sizeof(rows) / sizeof(rows[0]), &err))
		lode_err_set(&problem, ENOSYS, "libcjson.so.1: %s", err.msg);
	else
		there = true;
}

int lode_cjson_open(struct lode_err *err)
{
	pthread_once(&once, open_library);
	return there ? 0 : lode_err_set(err, ENOENT, "%s", problem.msg);
}

#define X(result, name, parameters, arguments)                                                                                             \
	result cJSON_##name parameters                                                                                                     \
	{                                                                                                                                  \
		return lode_cjson_open(NULL) ? (result)0 : real.name arguments;                                                            \
	}
FUNCTIONS(X)
#undef X

void cJSON_Delete(cJSON *item)
{
	if (item) /* there is one, so there is the library */
		real.Delete(item);
}
