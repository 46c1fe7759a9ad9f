/* A preloaded library that does nothing: what any preload costs. */
