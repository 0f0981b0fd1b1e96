const formats = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'];

/**
 * Loads sharp with the first image, because most processes never need it. Its settings apply to the
 * whole process; SVG is blocked, because it may reference files and contain scripts.
 */
export async function loadSharp() {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: formats.map((format) => `VipsForeignLoad${format}`) });
  sharp.cache(false); // no image is read twice
  sharp.concurrency(1); // each thread takes memory of its own
  return sharp;
}
