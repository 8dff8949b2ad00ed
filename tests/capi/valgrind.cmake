# cmake -DVALGRIND=valgrind -DPROGRAM=capi_test -P valgrind.cmake
# Runs the program under valgrind, in the long tier only.
if(NOT DEFINED ENV{PLOG_TEST_LONG})
  message("skipped: set PLOG_TEST_LONG=1 to run this under valgrind")
  return()
endif()
execute_process(COMMAND ${VALGRIND} --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect
                        --errors-for-leak-kinds=definite,indirect --trace-children=yes --suppressions=${CMAKE_CURRENT_LIST_DIR}/valgrind.supp
                        ${PROGRAM}
                RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "valgrind exited with ${result}")
endif()
