/* A program that opens librocksdb with dlopen, uses it, and closes it with dlclose, again and again: what we hold of it must stay valid.
 *
 *     host_hostile_reload LIBRARY DIR TIMES
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	for (int i = 0; i < atoi(argv[3]); i++) {
		void *lib = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
		char *err = NULL;

		if (!lib) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
#define F(type, name, parameters) type(*name) parameters = (type(*) parameters)(uintptr_t)dlsym(lib, "rocksdb_" #name)
		F(void *, options_create, (void));
		F(void, options_destroy, (void *));
		F(void, options_set_create_if_missing, (void *, unsigned char));
		F(void *, open, (void *, const char *, char **));
		F(void *, writeoptions_create, (void));
		F(void, writeoptions_destroy, (void *));
		F(void, put, (void *, void *, const char *, size_t, const char *, size_t, char **));
		F(void, close, (void *));
		void *o = options_create(), *w = writeoptions_create();

		options_set_create_if_missing(o, 1);
		void *db = open(o, argv[2], &err);
		if (!db || err) {
			fprintf(stderr, "%s\n", err);
			return 1;
		}
		put(db, w, "key", 3, "value", 5, &err);
		close(db);
		writeoptions_destroy(w);
		options_destroy(o);
		dlclose(lib);
	}
	printf("done\n");
	return 0;
}
