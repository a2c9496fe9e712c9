/** The label by which an image in a container engine is known as one of our cache; its value is the image's key. */
export const CACHE_LABEL = 'twinstack.cache';
