/* The only C++ of this room behind a C face: calls of RocksDB functions whose arguments are C++ objects. fn is the address of the function
 * named in each comment (a row of image.c). No exception ever leaves: it becomes -EFAULT. Texts handed to callbacks are valid during the
 * callback only. */
#ifndef LODE_HOST_CALLS_H
#define LODE_HOST_CALLS_H

#ifdef __cplusplus
extern "C" {
#endif

#include "host/host.h"

typedef void lode_text_fn(void *ctx, const char *text, size_t len);

/* DBImpl::GetIntProperty, GetProperty, GetMapProperty. -ENOENT: unknown property. */
int lode_call_int_property(void *fn, void *db, void *cf, const char *name, uint64_t *out);
int lode_call_property(void *fn, void *db, void *cf, const char *name, lode_text_fn *text, void *ctx);
int lode_call_map_property(void *fn, void *db, void *cf, const char *name, lode_kv_fn *each, void *ctx);

/* DBImpl::GetColumnFamilyHandleUnlocked: an owned handle or NULL. */
void *lode_call_cf_handle(void *fn, void *db, uint32_t id);
/* ~ColumnFamilyHandleImpl (the deleting one). */
void lode_call_delete(void *fn, void *object);
/* ColumnFamilyHandleImpl::GetName: the whole name goes to the callback. */
int lode_call_cf_name(void *fn, void *cf, lode_text_fn *text, void *ctx);

/* DBImpl::SetOptions (of one family, and the form of 11.x), SetDBOptions. -EINVAL: RocksDB refused; -EIO: anything else. */
int lode_call_set_options(void *fn, void *db, void *cf, const struct lode_kv *kv, size_t n, struct lode_err *err);
int lode_call_set_options_multi(void *fn, void *db, void *cf, const struct lode_kv *kv, size_t n, struct lode_err *err);
int lode_call_set_db_options(void *fn, void *db, const struct lode_kv *kv, size_t n, struct lode_err *err);
/* DBImpl::DisableFileDeletions, then EnableFileDeletions(force = false). */
int lode_call_deletions_off_on(void *disable, void *enable, void *db);

/* GetRocksVersionAsString(true). */
int lode_call_version(void *fn, char *out, size_t len);

/* StatisticsImpl::getHistogramString. */
int lode_call_histogram_string(void *fn, void *statistics, uint32_t number, lode_text_fn *text, void *ctx);
/* rocksdb::HistogramsNameMap is a std::vector<std::pair<uint32_t, std::string>>. Has it been initialised? The number of a name: -ENOENT. */
bool lode_call_names_filled(const void *names);
int lode_call_histogram_number(const void *names, const char *name, uint32_t *out);
/* A constructor or destructor that takes nothing but the object. */
int lode_call_on(void *fn, void *object);
/* The Status of a parse of one option. */
struct lode_parsed {
	unsigned char code; /* of rocksdb::Status; 0: OK */
	char message[160];
};
/* GetColumnFamilyOptionsFromMap(config, base, {key: value}, out), GetMutableDBOptionsFromStrings(base, {key: value}, out). */
int lode_call_parse_cf(void *fn, const void *config, const void *base, const struct lode_kv *kv, void *out, struct lode_parsed *parsed);
int lode_call_parse_db(void *fn, const void *base, const struct lode_kv *kv, void *out, struct lode_parsed *parsed);
/* Does the Status that a refusing GetMutableDBOptionsFromStrings returns have the layout that these calls believe in? Its first 64 bytes as they
 * were written, over a background of LODE_STATUS_BLANK; its message is not freed. */
#define LODE_STATUS_BYTES 64
#define LODE_STATUS_BLANK 0xa5
int lode_call_raw_status(void *fn, const void *base, const struct lode_kv *kv, void *out, unsigned char raw[LODE_STATUS_BYTES]);
/* Frees the message of a Status whose two words have been found to be what they should. */
void lode_call_status_drop(const unsigned char raw[LODE_STATUS_BYTES]);
/* CreateDBStatistics: the two words of a std::shared_ptr, and giving up that reference. */
int lode_call_statistics_create(void *fn, void *shared[2]);
void lode_call_shared_drop(void *shared[2]);

/* StackableDB::GetRootDB: the DBImpl behind any number of wrappers. */
int lode_call_root_db(void *fn, void *db, void **root);
/* DBImpl::GetName. */
int lode_call_db_name(void *fn, const void *db, lode_text_fn *text, void *ctx);
/* DBImpl::GetDbSessionId: of this opening, unlike any other's. */
int lode_call_db_session(void *fn, const void *db, lode_text_fn *text, void *ctx);
/* A callback that gets an object by its address, valid during the call only. */
typedef void lode_object_fn(void *ctx, const void *object);
/* DBImpl::GetDBOptions and ~DBOptions: the callback gets the DBOptions. */
int lode_call_db_options(void *fn, void *destroy, const void *db, lode_object_fn *use, void *ctx);
/* ColumnFamilyHandleImpl::GetDescriptor, with the constructor and destructor of ColumnFamilyOptions: the callback gets a std::vector of one
 * ColumnFamilyDescriptor, as DB::Open takes it. */
int lode_call_descriptor(void *fn, void *make, void *destroy, void *cf, lode_object_fn *use, void *ctx);

/* BlockBasedTableFactory::GetOptionsPtr. */
const void *lode_call_options_ptr(void *fn, const void *factory, const char *name);
/* size_t Class::f() const and void Class::f(size_t). */
int lode_call_get_size(void *fn, const void *object, uint64_t *out);
int lode_call_set_size(void *fn, void *object, uint64_t value);

#ifdef __cplusplus
}
#endif

#endif
