/* A RocksDB inside an ELF file: is there one, which version, how is it linked, and can its opens be caught? Found out from what the file
 * exports and from texts that only RocksDB itself has; its name proves nothing. */
#include "doctor.h"

#include "base/fmt.h"
#include "host/names.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define OPEN                                                                                                                               \
	"_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"                                   \
	"RKSt6vectorINS_22ColumnFamilyDescriptorESaISD_EEPSC_IPNS_18ColumnFamilyHandleESaISJ_EE"

/* The forms of the one function that every open goes through; the preload interposes these (shim/hooks.h). */
static const struct {
	const char *symbol, *since;
} opens[] = {
    {OPEN "PPNS_2DBEbb", "RocksDB up to 9.1"},
    {OPEN "PPNS_2DBEbbbPb", "RocksDB 9.2 to 9.10"},
    {OPEN "PSt10unique_ptrINS_2DBESt14default_deleteISO_EEbbbPb", "RocksDB 9.11 and later"},
};

/* A text that a version brought and all later ones have; read in the sources of every minor version. Oldest first. */
static const struct {
	const char *since, *text;
} marks[] = {
    {"6.15", "unpartitioned_pinning"},
    {"6.19", "max_auto_readahead_size"},
    {"6.22", "rocksdb.memtable.payload.bytes.at.flush"},
    {"6.25", "rocksdb.verify_checksum.read.bytes"},
    {"6.26", "rocksdb.remote.compact.write.bytes"},
    {"6.27", "rocksdb.warm.file.read.bytes"},
    {"7.0", "rocksdb.non.last.level.read.bytes"},
    {"7.2", "rocksdb.prefetched.bytes.discarded"},
    {"7.3", "rocksdb.multiget.io.batch.size"},
    {"7.4", "rocksdb.num.level.read.per.multiget"},
    {"7.5", "rocksdb.blobdb.cache.bytes.write"},
    {"7.6", "memtable_protection_bytes_per_key"},
    {"7.7", "rocksdb.async.prefetch.abort.micros"},
    {"7.8", "ignore_max_compaction_bytes_for_input"},
    {"8.1", "rocksdb.secondary.cache.filter.hits"},
    {"8.3", "rocksdb.number.block_compression_bypassed"},
    {"8.4", "rocksdb.error.handler.bg.retryable.io.error.count"},
    {"8.6", "rocksdb.file.read.verify.file.checksums.micros"},
    {"8.7", "rocksdb.compaction.total.time.cpu_micros"},
    {"8.8", "rocksdb.fifo.max.size.compactions"},
    {"8.10", "rocksdb.compressed.secondary.cache.promotion.skips"},
    {"8.11", "rocksdb.file.write.compaction.micros"},
    {"9.1", "rocksdb.footer.corruption.count"},
    {"9.2", "follower_refresh_catchup_period_ms"},
    {"9.4", "background_close_inactive_wals"},
    {"9.5", "rocksdb.file.read.corruption.retry.success.count"},
    {"9.6", "rocksdb.block.based.table.decoupled.partitioned.filters"},
    {"9.7", "prefix_seek_opt_in_only"},
    {"10.0", "num-running-compaction-sorted-runs"},
    {"10.2", "rocksdb.compaction.prefetch.bytes"},
    {"10.4", "rocksdb.fifo.change_temperature.compactions"},
    {"10.6", "rocksdb.sst.user.defined.index.load.fail.count"},
    {"10.7", "rocksdb.cool.file.read.bytes"},
    {"10.8", "super_block_alignment_space_overhead_ratio"},
    {"10.9", "rocksdb.multiscan.op.prepare.iterators.micros"},
    {"11.0", "rocksdb.multiscan.io.coalesced.nonadjacent"},
    {"11.1", "enforce_write_buffer_manager_during_recovery"},
    {"11.8", "rocksdb.iodispatcher.async.read.prefetch.lead.micros"},
};

/* "librocksdb.so.7.8.3" */
static bool version_in_name(const char *path, char *out, size_t len)
{
	const char *at = strstr(path, "rocksdb");
	unsigned a, b, c;

	at = at ? strstr(at, ".so.") : NULL;
	if (!at || sscanf(at, ".so.%u.%u.%u", &a, &b, &c) != 3)
		return false;
	lode_fmt(out, len, "%u.%u.%u", a, b, c);
	return true;
}

/* Builds from a git checkout know their tag. */
static bool version_in_tag(const struct cli_elf *e, char *out, size_t len)
{
	const char *tag = cli_elf_find(e, "rocksdb_build_git_tag:v");
	unsigned a, b, c;

	if (!tag || sscanf(tag, "rocksdb_build_git_tag:v%u.%u.%u", &a, &b, &c) != 3)
		return false;
	lode_fmt(out, len, "%u.%u.%u", a, b, c);
	return true;
}

/* The marks are there up to one and not beyond it: halving finds it with six looks through the file. */
static void version_by_marks(const struct cli_elf *e, char *out, size_t len)
{
	size_t low = 0, high = COUNT(marks); /* marks below low are there, those from high on are not */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cli_elf_find(e, marks[middle].text))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		lode_fmt(out, len, "before %s", marks[0].since);
	else if (low == COUNT(marks))
		lode_fmt(out, len, "%s or later", marks[low - 1].since);
	else
		lode_fmt(out, len, "%s or later, before %s", marks[low - 1].since, marks[low].since);
}

static enum cli_rocksdb kind_of(const struct cli_elf *e, const char **form)
{
	*form = "";
	for (size_t i = 0; i < COUNT(opens); i++) {
		if (!cli_elf_export(e, opens[i].symbol, false))
			continue;
		*form = opens[i].since;
		return !e->symbolic && cli_elf_slot(e, opens[i].symbol) ? CLI_ROCKS_OK : CLI_ROCKS_BOUND;
	}
	if (cli_elf_export(e, "_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKSs", true))
		return CLI_ROCKS_OLD_ABI;
	if (cli_elf_export(e, "_ZN7rocksdb6DBImpl4OpenE", true))
		return CLI_ROCKS_UNKNOWN;
	/* What only RocksDB itself says, not those who use it. */
	if (cli_elf_local(e, "_ZN7rocksdb6DBImpl4OpenE") ||
	    (cli_elf_find(e, "Shutdown: canceling all background work") && cli_elf_find(e, "SetOptions() on column family")))
		return CLI_ROCKS_HIDDEN;
	return CLI_ROCKS_NONE;
}

void cli_image_look(const struct cli_elf *e, const char *path, struct cli_image *out)
{
	const char *base = strrchr(path, '/');

	*out = (struct cli_image){
	    .kind = kind_of(e, &out->form), .form = out->form, .executable = e->has_interp && !cli_elf_string(e, DT_SONAME)};
	if (out->kind == CLI_ROCKS_NONE)
		return;
	out->within = cli_elf_find(e, LODE_LINKED_MARK) != NULL;
	out->linkage = out->executable ? "static in the executable"
		       : !strncmp(base ? base + 1 : path, "librocksdb", 10) ? "a shared library"
									    : "static in a shared object";
	if (!version_in_name(path, out->version, sizeof out->version) && !version_in_tag(e, out->version, sizeof out->version))
		version_by_marks(e, out->version, sizeof out->version);
}

static void add_facts(struct cli_report *r, const struct cli_image *i, const char *path)
{
	static const char *const kinds[] = {"none", "interposable", "unknown-open", "old-string-abi", "bound", "not-exported"};

	lode_json_object(&r->images, NULL);
	lode_json_str(&r->images, "path", path);
	lode_json_str(&r->images, "version", i->version);
	lode_json_str(&r->images, "linkage", i->linkage);
	lode_json_str(&r->images, "open", i->form);
	lode_json_str(&r->images, "kind", kinds[i->kind]);
	lode_json_bool(&r->images, "tuner_linked", i->within);
	lode_json_end(&r->images);
}

void cli_image_say(struct cli_report *r, const struct cli_image *i, const char *path)
{
	if (i->kind == CLI_ROCKS_NONE)
		return;
	add_facts(r, i, path);
	cli_find(r, CLI_F_IMAGE, path, "RocksDB %s, %s", i->version, i->linkage);
	if (i->within) {
		cli_find(r, CLI_F_WITHIN, path, NULL);
		return;
	}
	switch (i->kind) {
	case CLI_ROCKS_OK:
		cli_find(r, CLI_F_CAUGHT, path, "%s", i->form);
		break;
	case CLI_ROCKS_BOUND:
		if (i->executable)
			cli_find(r, CLI_F_BOUND_EXE, path, NULL);
		else
			cli_find(r, CLI_F_BOUND_LIB, path, "-Bsymbolic, LTO or -fno-semantic-interposition");
		break;
	case CLI_ROCKS_HIDDEN:
		cli_find(r, i->executable ? CLI_F_HIDDEN_EXE : CLI_F_HIDDEN_LIB, path, NULL);
		break;
	case CLI_ROCKS_OLD_ABI:
		cli_find(r, CLI_F_OLD_ABI, path, NULL);
		break;
	case CLI_ROCKS_UNKNOWN:
		cli_find(r, CLI_F_UNKNOWN_OPEN, path, NULL);
		break;
	case CLI_ROCKS_NONE:
		break;
	}
}
