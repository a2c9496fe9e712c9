/** A file of this host that a program in a node has as its input. */
export interface InputFile {
  /** Absolute path. */
  readonly file: string;
  readonly sizeBytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** An archive of container images on this host, as it was looked at before anything was touched. */
export interface ImageArchive extends InputFile {
  /** The images' names as a node will know them, such as `docker.io/library/web:1.0`. */
  readonly references: readonly string[];
}
