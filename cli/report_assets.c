/* Embedded when this is assembled; mk/report.mk knows of it. */
#include "report_assets.h"

#define EMBED(name, file) \
    __asm__(".section .rodata\n" #name ":\n.incbin \"" file "\"\n" #name "_end:\n.byte 0\n.previous\n"); \
    extern const char name[], name##_end[] __attribute__((visibility("hidden")))

EMBED(page_html, "report/page.html");
EMBED(style_css, "report/style.css");
EMBED(uplot_css, "third_party/uplot/uPlot.min.css");
EMBED(cytoscape_licence, "third_party/cytoscape/LICENSE");
EMBED(uplot_licence, "third_party/uplot/LICENSE");
EMBED(cytoscape_js, "third_party/cytoscape/cytoscape.min.js");
EMBED(uplot_js, "third_party/uplot/uPlot.iife.min.js");
EMBED(data_js, "report/data.js");
EMBED(query_js, "report/query.js");
EMBED(state_js, "report/state.js");
EMBED(dom_js, "report/dom.js");
EMBED(theme_js, "report/theme.js");
EMBED(graph_model_js, "report/graph-model.js");
EMBED(graph_js, "report/graph.js");
EMBED(timeline_js, "report/timeline.js");
EMBED(table_js, "report/table.js");
EMBED(lists_js, "report/lists.js");
EMBED(details_js, "report/details.js");
EMBED(filters_js, "report/filters.js");
EMBED(main_js, "report/main.js");

#define ASSET(name) {name, name##_end}

const struct asset asset_page = ASSET(page_html);
const struct asset assets_style[] = {ASSET(uplot_css), ASSET(style_css), {0}};
const struct asset assets_licences[] = {ASSET(cytoscape_licence), ASSET(uplot_licence), {0}};
const struct asset assets_libraries[] = {ASSET(cytoscape_js), ASSET(uplot_js), {0}};
/* Each is a function of its own; what others use it leaves in `report`. In this order. */
const struct asset assets_code[] = {ASSET(data_js),     ASSET(query_js), ASSET(state_js), ASSET(dom_js),
                                    ASSET(theme_js),    ASSET(graph_model_js), ASSET(graph_js), ASSET(timeline_js),
                                    ASSET(table_js),    ASSET(lists_js), ASSET(details_js), ASSET(filters_js),
                                    ASSET(main_js),     {0}};
