# Installs the folder LEBM_PYTHON_MODULE where the Python of the prefix looks for modules: that in PREFIX/bin, or else the
# system's or the one in the path, if one of its folders is below the prefix. In it goes a link to the library in LEBM_LIBDIR.
set(find_folder "
import os, site, sys
prefix = os.path.join(os.path.abspath(sys.argv[1]), 'lib')
print(next((folder for folder in site.getsitepackages() if folder.startswith(prefix)), ''))
")
set(folder "")
foreach(candidate "${CMAKE_INSTALL_PREFIX}/bin/python3" /usr/bin/python3 python3)
  if(NOT folder)
    execute_process(COMMAND "${candidate}" -c "${find_folder}" "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE folder
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endforeach()
if(NOT folder) # no Python looks there: for PYTHONPATH
  set(folder "${CMAKE_INSTALL_PREFIX}/lib/python3/site-packages")
endif()
file(INSTALL DESTINATION "${folder}" TYPE DIRECTORY FILES "${LEBM_PYTHON_MODULE}" PATTERN __pycache__ EXCLUDE
     PATTERN .mypy_cache EXCLUDE)

get_filename_component(library "${LEBM_LIBDIR}/liblatentebm.so.0" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${LEBM_LIBDIR}") # else it stays where it is when the prefix is moved
  file(RELATIVE_PATH library "${folder}/lebm" "${library}")
endif()
file(CREATE_LINK "${library}" "$ENV{DESTDIR}${folder}/lebm/liblatentebm.so.0" SYMBOLIC)
list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${folder}/lebm/liblatentebm.so.0")
