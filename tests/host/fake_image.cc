// A library that looks like some RocksDB to whoever goes by names and nothing else. What it is like is given when it is compiled:
// FAKE_VERSION ("12.3.0"), FAKE_OPEN and FAKE_SET (mangled), and optionally FAKE_STATUS (bytes of a Status), FAKE_OBJECT (bytes that the
// constructor of MutableDBOptions writes).
#include <cstring>
#include <string>

#define STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
#define OPTIONS "RKSt13unordered_mapI" STRING

std::string version(bool) asm("_ZN7rocksdb23GetRocksVersionAsStringB5cxx11Eb");
std::string version(bool)
{
	return FAKE_VERSION;
}

// What is looked for and never called.
#define NAME_2(name, line)                                                                                                                 \
	extern "C" char never_##line asm(name);                                                                                            \
	char never_##line;
#define NAME_1(name, line) NAME_2(name, line)
#define NAME(name) NAME_1(name, __LINE__)
NAME("_ZTVN7rocksdb6DBImplE")
NAME("_ZN7rocksdb6DBImpl14GetIntPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEPm")
NAME("_ZN7rocksdb6DBImpl11GetPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEP" STRING)
NAME("_ZN7rocksdb6DBImpl29GetColumnFamilyHandleUnlockedEj")
NAME("_ZN7rocksdb22ColumnFamilyHandleImplD0Ev")
NAME("_ZNK7rocksdb22ColumnFamilyHandleImpl7GetNameB5cxx11Ev")
NAME(FAKE_OPEN)
NAME(FAKE_SET)

#ifdef FAKE_STATUS
struct Status {
	unsigned char code = 1;
	char rest[7];
	char *message = strcpy(new char[64], "Unrecognized option: lodestone_no_such_option");
	char more[FAKE_STATUS - 16] = {};
	~Status()
	{
	}
};
static_assert(sizeof(Status) == FAKE_STATUS, "as it was asked for");

void make(char *self) asm("_ZN7rocksdb16MutableDBOptionsC1Ev");
void make(char *self)
{
	memset(self, 1, FAKE_OBJECT);
}

Status parse(const void *, const void *, void *) asm("_ZN7rocksdb30GetMutableDBOptionsFromStringsERKNS_16MutableDBOptionsE" OPTIONS
						     "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEEPS0_");
Status parse(const void *, const void *, void *)
{
	return Status();
}
NAME("_ZN7rocksdb29GetColumnFamilyOptionsFromMapERKNS_13ConfigOptionsERKNS_19ColumnFamilyOptionsE" OPTIONS
     "SC_St4hashISC_ESt8equal_toISC_ESaISt4pairIKSC_SC_EEEPS3_")
#endif
