/** Key of a file of secrets under which picluster keeps what rotated secrets were. No secret can be named so: what lies there is only redacted. */
export const ROTATIONS = '_rotations';
