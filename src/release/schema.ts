import { z } from 'zod';

export const ARCHITECTURES = ['amd64', 'arm64', 'arm'] as const;

const Url = z.string().regex(/^https?:\/\/[^\s/]+\//, 'must be a URL; {version} and {arch} are filled in');
const perArch = <T extends z.ZodType>(value: T) => z.union([value, z.partialRecord(z.enum(ARCHITECTURES), value)]);

const Artifact = z
  .strictObject({
    url: perArch(Url).describe('One for all architectures ({arch} is filled in), or one each'),
    checksums: perArch(Url).optional().describe("The publisher's checksum file: lines of sha256 and file name"),
    sha256: perArch(z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'))
      .optional()
      .describe('Known beforehand'),
  })
  .refine(({ checksums, sha256 }) => checksums !== undefined || sha256 !== undefined, 'needs checksums or sha256');

export type ArtifactEntry = z.infer<typeof Artifact>;

const Artifacts = z.record(z.string(), Artifact);

const Component = z.union([z.string().min(1), z.strictObject({ version: z.string().min(1), artifacts: Artifacts.optional() })]);

/** versions.yaml: how the artifacts of components are named, and which version each release has. */
export const VersionsFile = z.strictObject({
  components: z.record(z.string(), z.strictObject({ artifacts: Artifacts })).default({}),
  releases: z.record(
    z.string(),
    z.strictObject({
      description: z.string().optional(),
      architectures: z
        .array(z.enum(ARCHITECTURES))
        .min(1)
        .default([...ARCHITECTURES])
        .describe('What it can run on'),
      components: z.record(z.string(), Component),
      vars: z
        .record(z.string(), z.record(z.string(), z.unknown()))
        .optional()
        .describe('Variables of roles that belong to the release'),
    }),
  ),
});

export type VersionsFile = z.infer<typeof VersionsFile>;
