# What the command reads and writes reports with, and what is not ours in it (third_party/).

jansson_obj := $(call obj,$(wildcard third_party/jansson/*.c))
# Three of its names are also those of our own writer, cli/json.h.
jansson_inc := -DHAVE_CONFIG_H -isystem third_party/config -isystem third_party/jansson \
               -Djson_object=jansson_object -Djson_array=jansson_array -Djson_string=jansson_string

# Others' code, as it came: our warnings are not for it.
$(jansson_obj): WARN = -w
$(jansson_obj) $(B)/cli/records_json.o: EXTRA = $(jansson_inc)

$(B)/sunshim: $(jansson_obj)

# The page and its libraries are embedded as they are (cli/report_assets.c).
$(B)/cli/report_assets.o: EXTRA = -fno-lto # names that only assembler knows
$(B)/cli/report_assets.o: $(wildcard report/* third_party/cytoscape/* third_party/uplot/*)

.PHONY: bench-page
bench-page: $(B)/sunshim ## how long the page of 100,000 records takes
	@/usr/bin/python3 -B bench/page.py $<
