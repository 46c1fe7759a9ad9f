# Puts under sunshim, if that is installed, the tests that add_test() makes of programs that
# are built here, below the line that includes this file:
#
#     cmake -B build && cmake --build build && ctest --test-dir build
#
# A test fails when something was denied, when it left a socket file behind, or when it did
# not do what suite.expect says. build/sunshim has one JUnit file for each.
#
# CMake does not launch tests of other programs in this way, scripts among them; say so there:
#
#     add_test(NAME script COMMAND ${sunshim_run} sh ${CMAKE_CURRENT_SOURCE_DIR}/script)
find_program(SUNSHIM sunshim)
if(SUNSHIM)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/sunshim)
  set(sunshim_run ${SUNSHIM} run -p no-network --error-exitcode 1 --leftovers
      --expect ${CMAKE_CURRENT_SOURCE_DIR}/suite.expect --junit ${CMAKE_BINARY_DIR}/sunshim/%p.xml --)
  # CMAKE_TEST_LAUNCHER is made for this, and came with CMake 3.29. Before that the emulator
  # of cross compiling goes in front of tests of targets, cross compiled or not.
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.29)
    set(CMAKE_TEST_LAUNCHER ${sunshim_run})
  else()
    set(CMAKE_CROSSCOMPILING_EMULATOR ${sunshim_run})
  endif()
endif()
