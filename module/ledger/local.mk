noinst_LIBRARIES += %D%/libledger.a
module_ledger_libledger_a_SOURCES = %D%/settings.h %D%/writer.h %D%/reader.h
