import { expect, test } from 'vitest';
import { aptTransport, debianMirrors } from './image.ts';

test('nodes reach mirrors as this machine does, and take over nothing else of its apt', () => {
  const dump = [
    'Acquire::http::Proxy "http://proxy.example.com:3128";',
    'Acquire::http::Proxy::deb.example.com "DIRECT";',
    'Acquire::https "";',
    'Acquire::Check-Date "false";',
    'Acquire::Languages:: "none";',
    'Acquire::GzipIndexes "true";',
    'DPkg::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";',
  ].join('\n');
  expect(aptTransport(dump, { http_proxy: 'http://other.example.com', https_proxy: 'http://tls.example.com' })).toEqual([
    'Acquire::http::Proxy "http://proxy.example.com:3128";',
    'Acquire::http::Proxy::deb.example.com "DIRECT";',
    'Acquire::Check-Date "false";',
    'Acquire::https::Proxy "http://tls.example.com";',
  ]);
});

test("this machine's mirrors of the suite are used; another release or distribution has none", () => {
  const own = [
    'http://mirror.example.com/debian/ bookworm main',
    'http://mirror.example.com/debian/ bookworm main',
    'http://mirror.example.com/debian/ bookworm contrib',
    'http://mirror.example.com/debian-security/ bookworm-security main',
    'https://packages.example.com/tool bookworm-tool main',
  ];
  expect(debianMirrors(own.join('\n'))).toEqual([
    'deb http://mirror.example.com/debian/ bookworm main',
    'deb http://mirror.example.com/debian-security/ bookworm-security main',
  ]);
  for (const other of ['', 'http://archive.example.com/ubuntu noble main', 'http://mirror.example.com/debian trixie main']) {
    expect(debianMirrors(other)).toEqual([]);
  }
});
