# What is installed where, and the packages that CPack makes of it (`./dev package`): a .deb and a tarball.
include(GNUInstallDirs)
set(extras ${PROJECT_BINARY_DIR}/package_extras)
add_custom_target(package_extras
  COMMAND ${PROJECT_SOURCE_DIR}/cmake/package_extras.sh $<TARGET_FILE:neoid> ${extras} ${NEOID_VERSION}
  DEPENDS neoid VERBATIM)   # man pages, completions, the bill of materials

install(TARGETS neoid RUNTIME DESTINATION bin)
install(CODE "file(CREATE_LINK neoid \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/kubectl-neoid SYMBOLIC)")
install(DIRECTORY ${extras}/man1/ DESTINATION share/man/man1)
install(FILES ${extras}/completion.bash DESTINATION share/bash-completion/completions RENAME neoid)
install(FILES ${extras}/completion.zsh DESTINATION share/zsh/vendor-completions RENAME _neoid)
install(FILES ${extras}/completion.fish DESTINATION share/fish/vendor_completions.d RENAME neoid.fish)
install(FILES ${extras}/sbom.spdx.json ${extras}/copyright ${extras}/changelog.gz DESTINATION share/doc/neoid)
install(DIRECTORY crd examples DESTINATION share/neoid USE_SOURCE_PERMISSIONS)
install(DIRECTORY manifests/postgres DESTINATION share/neoid/manifests)
foreach(service neoid neoid-oauth)
  install(FILES manifests/debian/${service}.service DESTINATION /lib/systemd/system)
  install(FILES manifests/debian/${service}.default DESTINATION /etc/default RENAME ${service})
endforeach()

set(CPACK_PACKAGE_NAME neoid)
set(CPACK_PACKAGE_VERSION ${NEOID_VERSION})
set(CPACK_PACKAGE_CONTACT "neoid maintainers <neoid@neostella.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "machine-to-machine identities as declared YAML")
set(CPACK_PACKAGE_DESCRIPTION
    "neoid keeps integration users and their scopes as declared resources, reconciles
 them with an identity store (PostgreSQL or SQLite), puts OAuth client credentials
 into Secrets and rotates them without cutting anyone off. This package runs the
 whole system on one machine: a Kubernetes-compatible API, the controller, the
 store and a token service.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_SET_DESTDIR ON)   # for what goes to /lib and /etc: never onto this machine
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54), libpq5")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/manifests/debian/postinst ${PROJECT_SOURCE_DIR}/manifests/debian/prerm
    ${PROJECT_SOURCE_DIR}/manifests/debian/postrm ${PROJECT_SOURCE_DIR}/manifests/debian/conffiles)
include(CPack)
