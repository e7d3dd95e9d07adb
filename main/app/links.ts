// Links in documents and answers lead out of the app only after the user has seen where to.
import { dialog, shell } from 'electron';

export async function openLinkAfterConfirm(address: string): Promise<void> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'Open this link outside Longleaf?',
    detail: address.length > 500 ? `${address.slice(0, 500)}…` : address,
    buttons: ['Cancel', 'Open'],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  });
  if (response === 1) await shell.openExternal(address);
}
