/* cJSON's own header, found before it: the functions that we call are ours (base/cjson.c), and in a program that we are a part of they must not bear the
 * names of a cJSON which that program has, too. */
#ifndef LODE_CJSON_CJSON_H
#define LODE_CJSON_CJSON_H

#define cJSON_Parse lode_cjson_Parse
#define cJSON_ParseWithLength lode_cjson_ParseWithLength
#define cJSON_ParseWithOpts lode_cjson_ParseWithOpts
#define cJSON_ParseWithLengthOpts lode_cjson_ParseWithLengthOpts
#define cJSON_GetObjectItem lode_cjson_GetObjectItem
#define cJSON_GetObjectItemCaseSensitive lode_cjson_GetObjectItemCaseSensitive
#define cJSON_GetArrayItem lode_cjson_GetArrayItem
#define cJSON_GetArraySize lode_cjson_GetArraySize
#define cJSON_GetStringValue lode_cjson_GetStringValue
#define cJSON_PrintUnformatted lode_cjson_PrintUnformatted
#define cJSON_IsArray lode_cjson_IsArray
#define cJSON_IsFalse lode_cjson_IsFalse
#define cJSON_IsNull lode_cjson_IsNull
#define cJSON_IsNumber lode_cjson_IsNumber
#define cJSON_IsObject lode_cjson_IsObject
#define cJSON_IsString lode_cjson_IsString
#define cJSON_IsTrue lode_cjson_IsTrue
#define cJSON_Delete lode_cjson_Delete

#include_next <cjson/cJSON.h>

#endif
