/** The native functions that `cp` and `export` are made of: this file is how the API's routes reach them. */
export { applyTar, closeFd, createTar, openPipe, statInRoot, treeSize } from '@berth/native';
