/** Version of picluster, from its package.json. */
export async function versionOfPackage(): Promise<string> {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  return manifest.version;
}
