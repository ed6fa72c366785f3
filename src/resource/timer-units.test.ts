import { expect, it } from 'vitest';
import { timer } from './timer.ts';
import { serviceUnit, timerUnit } from './timer-units.ts';

const { spec } = timer({
  name: 'backup',
  calendar: ['daily', 'Mon 04:00'],
  command: `echo "it's 5%" $HOME >>'C:\\x'`,
  user: 'ada',
  env: { GREETING: 'a "b" 1% $x' },
  randomizedDelaySeconds: 60,
  description: '5% more',
});

it('a timer by several calendars', () => {
  expect(timerUnit(spec)).toBe(
    '# Written by picluster.\n[Unit]\nDescription=5%% more\n\n[Timer]\nOnCalendar=daily\nOnCalendar=Mon 04:00\n' +
      'Persistent=true\nRandomizedDelaySec=60\n\n[Install]\nWantedBy=timers.target',
  );
});

it('a service whose command systemd leaves to the shell as it is', () => {
  expect(serviceUnit(spec)).toBe(
    '# Written by picluster.\n[Unit]\nDescription=5%% more\n\n[Service]\nType=oneshot\nUser=ada\n' +
      'Environment="GREETING=a \\"b\\" 1%% $x"\n' +
      `ExecStart=/bin/sh -c "echo \\"it's 5%%\\" $$HOME >>'C:\\\\x'"`,
  );
});
