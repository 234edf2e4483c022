/* The table of RocksDB functions that we use, one row a symbol. Names hold for the libstdc++ C++11 string ABI from 6.11 to 11.8. */
#include "host/image.h"
#include "host/calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"

#define OPEN                                                                                                                               \
	"_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERK" STRING                                                                                \
	"RKSt6vectorINS_22ColumnFamilyDescriptorESaISD_EEPSC_IPNS_18ColumnFamilyHandleESaISJ_EE"

static const struct row {
	const char *name;
	const char *what; /* NULL: can be done without */
} table[SYM_N] = {
    [SYM_DB_VTABLE] = {"_ZTVN7rocksdb6DBImplE", "the class of a database"},
    [SYM_GET_INT_PROPERTY] = {"_ZN7rocksdb6DBImpl14GetIntPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEPm", "DB::GetIntProperty"},
    [SYM_GET_PROPERTY] = {"_ZN7rocksdb6DBImpl11GetPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEP" STRING, "DB::GetProperty"},
    [SYM_GET_MAP_PROPERTY] = {"_ZN7rocksdb6DBImpl14GetMapPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEPSt3mapI" STRING
			      "SC_St4lessISC_ESaISt4pairIKSC_SC_EEE",
			      NULL},
    [SYM_CF_HANDLE] = {"_ZN7rocksdb6DBImpl29GetColumnFamilyHandleUnlockedEj", "DBImpl::GetColumnFamilyHandleUnlocked"},
    [SYM_CF_HANDLE_DELETE] = {"_ZN7rocksdb22ColumnFamilyHandleImplD0Ev", "~ColumnFamilyHandleImpl"},
    [SYM_CF_HANDLE_NAME] = {"_ZNK7rocksdb22ColumnFamilyHandleImpl7GetNameB5cxx11Ev", "ColumnFamilyHandle::GetName"},
    [SYM_SET_OPTIONS] = {"_ZN7rocksdb6DBImpl10SetOptionsEPNS_18ColumnFamilyHandleERKSt13unordered_mapI" STRING
			 "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEE",
			 NULL}, /* up to 10.10; then SYM_SET_OPTIONS_MULTI */
    [SYM_SET_OPTIONS_MULTI] = {"_ZN7rocksdb6DBImpl10SetOptionsERKSt13unordered_mapIPNS_18ColumnFamilyHandleES1_I" STRING
			       "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEESA_IS3_ESC_IS3_ESaISE_IKS3_SI_EEE",
			       NULL},
    [SYM_SET_DB_OPTIONS] = {"_ZN7rocksdb6DBImpl12SetDBOptionsERKSt13unordered_mapI" STRING
			    "S7_St4hashIS7_ESt8equal_toIS7_ESaISt4pairIKS7_S7_EEE",
			    NULL},
    [SYM_DISABLE_DELETIONS] = {"_ZN7rocksdb6DBImpl20DisableFileDeletionsEv", NULL},
    [SYM_ENABLE_DELETIONS] = {"_ZN7rocksdb6DBImpl19EnableFileDeletionsEb", NULL},
    [SYM_VERSION] = {"_ZN7rocksdb23GetRocksVersionAsStringB5cxx11Eb", NULL},
    [SYM_STATS_VTABLE] = {"_ZTVN7rocksdb14StatisticsImplE", NULL},
    [SYM_STATS_CREATE] = {"_ZN7rocksdb18CreateDBStatisticsEv", NULL},
    [SYM_HISTOGRAM_STRING] = {"_ZNK7rocksdb14StatisticsImpl18getHistogramStringB5cxx11Ej", NULL},
    [SYM_HISTOGRAM_NAMES] = {"_ZN7rocksdb17HistogramsNameMapB5cxx11E", NULL},
    [SYM_RECORD_TICK] = {"_ZN7rocksdb14StatisticsImpl10recordTickEjm", NULL},
    [SYM_RECORD_VALUE] = {"_ZN7rocksdb14StatisticsImpl17recordInHistogramEjm", NULL},
    [SYM_TICKER_COUNT] = {"_ZNK7rocksdb14StatisticsImpl14getTickerCountEj", NULL},
    [SYM_TABLE_VTABLE] = {"_ZTVN7rocksdb22BlockBasedTableFactoryE", NULL},
    [SYM_TABLE_OPTIONS_PTR] = {"_ZNK7rocksdb22BlockBasedTableFactory13GetOptionsPtrERK" STRING, NULL},
    [SYM_CF_OPTIONS_NEW] = {"_ZN7rocksdb19ColumnFamilyOptionsC1Ev", NULL},
    [SYM_CF_OPTIONS_DELETE] = {"_ZN7rocksdb19ColumnFamilyOptionsD1Ev", NULL},
    [SYM_CONFIG_NEW] = {"_ZN7rocksdb13ConfigOptionsC1Ev", NULL},
    [SYM_CONFIG_DELETE] = {"_ZN7rocksdb13ConfigOptionsD1Ev", NULL},
    [SYM_MUTABLE_DB_NEW] = {"_ZN7rocksdb16MutableDBOptionsC1Ev", NULL},
    [SYM_PARSE_CF] = {"_ZN7rocksdb29GetColumnFamilyOptionsFromMapERKNS_13ConfigOptionsERKNS_19ColumnFamilyOptionsERKSt13unordered_mapI" STRING
		      "SC_St4hashISC_ESt8equal_toISC_ESaISt4pairIKSC_SC_EEEPS3_",
		      NULL},
    [SYM_PARSE_DB] = {"_ZN7rocksdb30GetMutableDBOptionsFromStringsERKNS_16MutableDBOptionsERKSt13unordered_mapI" STRING
		      "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEEPS0_",
		      NULL},
    [SYM_ROOT_DB] = {"_ZN7rocksdb11StackableDB9GetRootDBEv", NULL},
    [SYM_DB_NAME] = {"_ZNK7rocksdb6DBImpl7GetNameB5cxx11Ev", NULL},
    [SYM_DB_OPTIONS] = {"_ZNK7rocksdb6DBImpl12GetDBOptionsEv", NULL},
    [SYM_DB_OPTIONS_DELETE] = {"_ZN7rocksdb9DBOptionsD1Ev", NULL},
    [SYM_CF_DESCRIPTOR] = {"_ZN7rocksdb22ColumnFamilyHandleImpl13GetDescriptorEPNS_22ColumnFamilyDescriptorE", NULL},
    [SYM_OPEN_PLAIN] = {OPEN "PPNS_2DBEbb", NULL},
    [SYM_OPEN_RETRY] = {OPEN "PPNS_2DBEbbbPb", NULL},
    [SYM_OPEN_UNIQUE] = {OPEN "PSt10unique_ptrINS_2DBESt14default_deleteISO_EEbbbPb", NULL},
    [SYM_C_OPTIONS_CREATE] = {"rocksdb_options_create", NULL},
    [SYM_C_OPTIONS_DESTROY] = {"rocksdb_options_destroy", NULL},
    [SYM_C_ENABLE_STATISTICS] = {"rocksdb_options_enable_statistics", NULL},
};

bool lode_image_parse_version(const char *text, unsigned *major, unsigned *minor)
{
	unsigned part[2] = {0, 0};

	*major = *minor = 0;
	for (int i = 0; i < 2; i++) {
		if (*text < '0' || *text > '9')
			return false;
		while (*text >= '0' && *text <= '9' && part[i] < 10000)
			part[i] = part[i] * 10 + (unsigned)(*text++ - '0');
		if (*text++ != '.')
			return false;
	}
	*major = part[0];
	*minor = part[1];
	return true;
}

/* A program that uses this variable by name has its own copy of it (a copy relocation), and the one in the image stays empty for ever. */
static void *histogram_names(void *in_image)
{
	if (!in_image || lode_call_names_filled(in_image))
		return in_image;
	in_image = dlsym(RTLD_DEFAULT, table[SYM_HISTOGRAM_NAMES].name);
	return in_image && lode_call_names_filled(in_image) ? in_image : NULL;
}

/* Is the image as RocksDB of its version is? The functions whose form the row names must be there in that form and in no other. A version
 * that is not named may have any form of Open: it is not called, only interposed. */
static int check_row(const struct lode_image *image, struct lode_err *err)
{
	static const enum lode_symbol open[] = {
	    [LODE_OPEN_PLAIN] = SYM_OPEN_PLAIN, [LODE_OPEN_RETRY] = SYM_OPEN_RETRY, [LODE_OPEN_UNIQUE] = SYM_OPEN_UNIQUE};
	static const enum lode_symbol set[] = {[LODE_SET_ONE] = SYM_SET_OPTIONS, [LODE_SET_MANY] = SYM_SET_OPTIONS_MULTI};
	const struct lode_version *row = image->row;

	if (!image->sym[SYM_SET_OPTIONS] && !image->sym[SYM_SET_OPTIONS_MULTI])
		return lode_err_set(err, ENOTSUP, "this RocksDB does not export DB::SetOptions");
	if (!image->version[0])
		return 0;
	if (!image->sym[open[row->open]])
		return lode_err_set(err, ENOTSUP, "RocksDB %s does not export DBImpl::Open in the form of %s", image->version, row->name);
	if (!image->sym[set[row->set]])
		return lode_err_set(err, ENOTSUP, "RocksDB %s does not export DB::SetOptions in the form of %s", image->version, row->name);
	return 0;
}

int lode_image_resolve(void *handle, struct lode_image *out, struct lode_err *err)
{
	memset(out, 0, sizeof(*out));
	out->handle = handle;
	for (int i = 0; i < SYM_N; i++) {
		out->sym[i] = dlsym(handle, table[i].name);
		if (!out->sym[i] && table[i].what)
			return lode_err_set(err, ENOTSUP, "this RocksDB does not export %s", table[i].what);
	}
	out->sym[SYM_HISTOGRAM_NAMES] = histogram_names(out->sym[SYM_HISTOGRAM_NAMES]);
	if (out->sym[SYM_VERSION])
		lode_call_version(out->sym[SYM_VERSION], out->version, sizeof(out->version));
	if (!lode_image_parse_version(out->version, &out->major, &out->minor))
		out->version[0] = '\0';
	out->row = lode_version_find(out->major, out->minor, &out->newer, err);
	return out->row ? check_row(out, err) : -ENOTSUP;
}

const void *lode_image_vptr(const struct lode_image *image, enum lode_symbol vtable)
{
	/* Itanium C++ ABI: two words (offset to top, type info) stand before the first function. */
	return image->sym[vtable] ? (const char *)image->sym[vtable] + 2 * sizeof(void *) : NULL;
}
