// The engine process is killed from outside, as the system does when memory runs out.
import { factAnswer, factQuestion, storyPdf } from '../fixtures/documents/story.js';
import { answerEndlessly, answerPlainly } from './api.js';
import { expect, picture, test } from './longleaf.js';
import { canFindProcesses, type Server } from './server.js';
import * as window from './window.js';

test.skip(!canFindProcesses, 'Finding the engine’s process needs /proc');

const died = 'The model’s process was ended by the system';

function killEngine(server: Server): void {
  const engines = server.workers('engine');
  expect(engines).toHaveLength(1);
  for (const pid of engines) process.kill(pid, 'SIGKILL');
}

test('killed while reading, it says so and the next question is answered', async ({
  page,
  server,
}) => {
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 4, factOn: 2 }))]);
  const bar = window.readingCard(page).getByRole('progressbar');
  await expect(bar).toHaveAttribute('aria-valuenow', /^[1-9]/);
  killEngine(server);
  await expect(page.getByRole('alert')).toContainText(died);
  await picture(page, 'engine-died');
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(server.workers('engine')).toHaveLength(1);
});

test('killed while answering, what was said stays and the next question is answered', async ({
  page,
  server,
  api,
}) => {
  await answerEndlessly(api, server);
  await window.pick(page, [window.file('treasure.pdf', storyPdf({ pages: 1, factOn: 1 }))]);
  await window.read(page);
  await window.ask(page, 'Tell me everything.');
  await expect(window.answer(page)).toHaveText(/\S/);
  const said = await window.answer(page).innerText();
  killEngine(server);
  await expect(window.turns(page).getByRole('alert')).toContainText(died);
  expect((await window.answer(page).innerText()).startsWith(said.slice(0, 20))).toBe(true);

  await answerPlainly(api);
  await window.ask(page, factQuestion);
  await window.answered(page);
  await expect(window.answer(page)).toContainText(factAnswer);
  await expect(window.turns(page)).toHaveCount(2);
});
