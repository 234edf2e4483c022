// Calls into RocksDB that need a std::string, a std::unordered_map or a C++ return value. No RocksDB header: the few types that cross are
// written down here with the layout that they have had in every version from 6.11 to 11.8. Functions are noexcept and catch everything.
#include "host/calls.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace
{

// rocksdb::Slice
struct Slice {
	const char *data;
	size_t size;
	explicit Slice(const char *s) : data(s), size(strlen(s))
	{
	}
};

// rocksdb::Status: a code, small flags, an owned message. The destructor makes it a class that is returned through memory.
struct Status {
	unsigned char code;
	unsigned char flags[7];
	const char *message;
	~Status()
	{
		delete[] message;
	}
};
static_assert(sizeof(Status) == 16, "two words");

// Room for a Status of any size, as it is returned: through memory, like everything with a destructor.
struct RawStatus {
	unsigned char bytes[LODE_STATUS_BYTES];
	~RawStatus()
	{
	}
};

// std::unique_ptr<ColumnFamilyHandle>, whose ownership passes to us.
struct Handle {
	void *object;
	~Handle()
	{
	}
};

using Names = std::vector<std::pair<uint32_t, std::string>>;
using Options = std::unordered_map<std::string, std::string>;

constexpr size_t OBJECT_MAX = 8192; // of a DBOptions or a ColumnFamilyDescriptor: several times what any version has (11.8: 760 and 1008)

enum { kOk = 0, kNotFound = 1, kNotSupported = 3, kInvalidArgument = 4 };

template <class F> F as(void *fn)
{
	return reinterpret_cast<F>(fn);
}

Options make(const struct lode_kv *kv, size_t n)
{
	Options map;

	for (size_t i = 0; i < n; i++)
		map[kv[i].key] = kv[i].value;
	return map;
}

int result(const Status &s, struct lode_err *err)
{
	int code;

	if (s.code == kOk)
		return 0;
	code = s.code == kNotFound || s.code == kNotSupported || s.code == kInvalidArgument ? EINVAL : EIO;
	return lode_err_set(err, code, "RocksDB: %s (status %u)", s.message ? s.message : "no reason given", s.code);
}

int parsed_result(const Status &s, struct lode_parsed *parsed)
{
	parsed->code = s.code;
	strncpy(parsed->message, s.message ? s.message : "", sizeof(parsed->message) - 1);
	parsed->message[sizeof(parsed->message) - 1] = '\0';
	return 0;
}

// Runs f and turns an exception into -EFAULT.
template <class F> int guarded(struct lode_err *err, F f) noexcept
{
	try {
		return f();
	} catch (...) {
		return lode_err_set(err, EFAULT, "RocksDB threw an exception");
	}
}

} // namespace

extern "C" {

int lode_call_int_property(void *fn, void *db, void *cf, const char *name, uint64_t *out)
{
	return guarded(nullptr,
		       [&] { return as<bool (*)(void *, void *, const Slice &, uint64_t *)>(fn)(db, cf, Slice(name), out) ? 0 : -ENOENT; });
}

int lode_call_property(void *fn, void *db, void *cf, const char *name, lode_text_fn *text, void *ctx)
{
	return guarded(nullptr, [&] {
		std::string value;

		if (!as<bool (*)(void *, void *, const Slice &, std::string *)>(fn)(db, cf, Slice(name), &value))
			return -ENOENT;
		text(ctx, value.c_str(), value.size());
		return 0;
	});
}

int lode_call_map_property(void *fn, void *db, void *cf, const char *name, lode_kv_fn *each, void *ctx)
{
	return guarded(nullptr, [&] {
		std::map<std::string, std::string> map;

		if (!as<bool (*)(void *, void *, const Slice &, std::map<std::string, std::string> *)>(fn)(db, cf, Slice(name), &map))
			return -ENOENT;
		for (const auto &entry : map)
			each(ctx, entry.first.c_str(), entry.second.c_str());
		return 0;
	});
}

void *lode_call_cf_handle(void *fn, void *db, uint32_t id)
{
	void *object = nullptr;

	guarded(nullptr, [&] {
		object = as<Handle (*)(void *, uint32_t)>(fn)(db, id).object;
		return 0;
	});
	return object;
}

void lode_call_delete(void *fn, void *object)
{
	guarded(nullptr, [&] {
		as<void (*)(void *)>(fn)(object);
		return 0;
	});
}

int lode_call_cf_name(void *fn, void *cf, lode_text_fn *text, void *ctx)
{
	return guarded(nullptr, [&] {
		const std::string &name = as<const std::string &(*)(const void *)>(fn)(cf);

		text(ctx, name.c_str(), name.size());
		return 0;
	});
}

int lode_call_set_options(void *fn, void *db, void *cf, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	return guarded(err, [&] { return result(as<Status (*)(void *, void *, const Options &)>(fn)(db, cf, make(kv, n)), err); });
}

int lode_call_set_options_multi(void *fn, void *db, void *cf, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	return guarded(err, [&] {
		std::unordered_map<void *, Options> families;

		families[cf] = make(kv, n);
		return result(as<Status (*)(void *, const std::unordered_map<void *, Options> &)>(fn)(db, families), err);
	});
}

int lode_call_set_db_options(void *fn, void *db, const struct lode_kv *kv, size_t n, struct lode_err *err)
{
	return guarded(err, [&] { return result(as<Status (*)(void *, const Options &)>(fn)(db, make(kv, n)), err); });
}

int lode_call_deletions_off_on(void *disable, void *enable, void *db)
{
	return guarded(nullptr, [&] {
		Status off = as<Status (*)(void *)>(disable)(db);

		return off.code == kOk ? result(as<Status (*)(void *, bool)>(enable)(db, false), nullptr) : -EIO;
	});
}

int lode_call_version(void *fn, char *out, size_t len)
{
	return guarded(nullptr, [&] {
		std::string version = as<std::string (*)(bool)>(fn)(true);

		if (version.size() >= len)
			return -E2BIG;
		memcpy(out, version.c_str(), version.size() + 1);
		return 0;
	});
}

int lode_call_histogram_string(void *fn, void *statistics, uint32_t number, lode_text_fn *text, void *ctx)
{
	return guarded(nullptr, [&] {
		std::string value = as<std::string (*)(const void *, uint32_t)>(fn)(statistics, number);

		text(ctx, value.c_str(), value.size());
		return 0;
	});
}

bool lode_call_names_filled(const void *names)
{
	return !static_cast<const Names *>(names)->empty();
}

int lode_call_histogram_number(const void *names, const char *name, uint32_t *out)
{
	for (const auto &row : *static_cast<const Names *>(names)) {
		if (row.second == name) {
			*out = row.first;
			return 0;
		}
	}
	return -ENOENT;
}

int lode_call_on(void *fn, void *object)
{
	return guarded(nullptr, [&] {
		as<void (*)(void *)>(fn)(object);
		return 0;
	});
}

int lode_call_parse_cf(void *fn, const void *config, const void *base, const struct lode_kv *kv, void *out, struct lode_parsed *parsed)
{
	return guarded(nullptr, [&] {
		return parsed_result(as<Status (*)(const void *, const void *, const Options &, void *)>(fn)(config, base, make(kv, 1), out), parsed);
	});
}

int lode_call_parse_db(void *fn, const void *base, const struct lode_kv *kv, void *out, struct lode_parsed *parsed)
{
	return guarded(nullptr, [&] {
		return parsed_result(as<Status (*)(const void *, const Options &, void *)>(fn)(base, make(kv, 1), out), parsed);
	});
}

int lode_call_raw_status(void *fn, const void *base, const struct lode_kv *kv, void *out, unsigned char raw[LODE_STATUS_BYTES])
{
	return guarded(nullptr, [&] {
		alignas(16) unsigned char room[sizeof(RawStatus)];

		memset(room, LODE_STATUS_BLANK, sizeof(room));
		asm volatile("" ::"r"(room) : "memory"); // the callee sees the background: it is not a dead store
		new (room) RawStatus(as<RawStatus (*)(const void *, const Options &, void *)>(fn)(base, make(kv, 1), out));
		asm volatile("" ::"r"(room) : "memory");
		memcpy(raw, room, sizeof(room));
		return 0;
	});
}

void lode_call_status_drop(const unsigned char raw[LODE_STATUS_BYTES])
{
	Status last;

	memcpy(static_cast<void *>(&last), raw, sizeof(last));
}

int lode_call_statistics_create(void *fn, void *shared[2])
{
	static_assert(sizeof(std::shared_ptr<void>) == 2 * sizeof(void *), "object and count");
	return guarded(nullptr, [&] {
		std::shared_ptr<void> made = as<std::shared_ptr<void> (*)()>(fn)();

		memcpy(shared, static_cast<void *>(&made), sizeof(made));
		new (&made) std::shared_ptr<void>(); // its reference is the caller's now
		return shared[0] ? 0 : -ENOMEM;
	});
}

void lode_call_shared_drop(void *shared[2])
{
	guarded(nullptr, [&] {
		std::shared_ptr<void> last;

		memcpy(static_cast<void *>(&last), shared, sizeof(last));
		shared[0] = shared[1] = nullptr;
		return 0;
	});
}

int lode_call_root_db(void *fn, void *db, void **root)
{
	return guarded(nullptr, [&] {
		*root = as<void *(*)(void *)>(fn)(db);
		return *root ? 0 : -ENOENT;
	});
}

int lode_call_db_name(void *fn, const void *db, lode_text_fn *text, void *ctx)
{
	return guarded(nullptr, [&] {
		const std::string &name = as<const std::string &(*)(const void *)>(fn)(db);

		text(ctx, name.c_str(), name.size());
		return 0;
	});
}

int lode_call_db_session(void *fn, const void *db, lode_text_fn *text, void *ctx)
{
	return guarded(nullptr, [&] {
		std::string session;
		int rc = result(as<Status (*)(const void *, std::string &)>(fn)(db, session), nullptr);

		if (!rc)
			text(ctx, session.c_str(), session.size());
		return rc;
	});
}

int lode_call_db_options(void *fn, void *destroy, const void *db, lode_object_fn *use, void *ctx)
{
	return guarded(nullptr, [&] {
		alignas(16) unsigned char room[OBJECT_MAX];

		as<void *(*)(void *, const void *)>(fn)(room, db); // returned through memory
		use(ctx, room);
		as<void (*)(void *)>(destroy)(room);
		return 0;
	});
}

int lode_call_descriptor(void *fn, void *make, void *destroy, void *cf, lode_object_fn *use, void *ctx)
{
	return guarded(nullptr, [&] {
		alignas(16) unsigned char room[OBJECT_MAX]; // {std::string name; ColumnFamilyOptions options}
		std::string *name = new (room) std::string;
		unsigned char *options = room + sizeof(*name);
		const void *vector[3] = {room, room + sizeof(room), room + sizeof(room)};
		int rc;

		as<void (*)(void *)>(make)(options);
		rc = result(as<Status (*)(void *, void *)>(fn)(cf, room), nullptr);
		if (rc == 0)
			use(ctx, vector);
		as<void (*)(void *)>(destroy)(options);
		name->~basic_string();
		return rc;
	});
}

const void *lode_call_options_ptr(void *fn, const void *factory, const char *name)
{
	const void *found = nullptr;

	guarded(nullptr, [&] {
		found = as<const void *(*)(const void *, const std::string &)>(fn)(factory, std::string(name));
		return 0;
	});
	return found;
}

int lode_call_get_size(void *fn, const void *object, uint64_t *out)
{
	return guarded(nullptr, [&] {
		*out = as<size_t (*)(const void *)>(fn)(object);
		return 0;
	});
}

int lode_call_set_size(void *fn, void *object, uint64_t value)
{
	return guarded(nullptr, [&] {
		as<void (*)(void *, size_t)>(fn)(object, value);
		return 0;
	});
}
}
