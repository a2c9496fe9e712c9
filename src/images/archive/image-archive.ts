/** An archive of container images on this host, as it was looked at before anything was touched. */
export interface ImageArchive {
  /** Absolute path. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Of the file, in hex. */
  readonly sha256: string;
  /** The images' names as a node will know them, such as `docker.io/library/web:1.0`. */
  readonly references: readonly string[];
}
