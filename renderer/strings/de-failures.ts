import type { Strings } from './en.js';

export const failures: Strings['failures'] = {
  bad_model: 'Die Modelldatei ist beschädigt oder unvollständig.',
  unsupported_model: 'Mit diesem Modell kann Longleaf nicht arbeiten.',
  no_memory:
    'Der Speicher reicht nicht. Ein kleinerer Kontext, eine 8-Bit-Lesung oder ein kleineres Modell helfen.',
  context_full: 'Das passt nicht in den Kontext des Modells.',
  bad_request: 'Diese Anfrage ist so nicht möglich.',
  device_lost: 'Die Grafikkarte ist ausgefallen. Das Modell wurde neu gestartet.',
  storage: 'Auf der Festplatte konnte nicht gelesen oder geschrieben werden.',
  internal: 'Ein Fehler in Longleaf. Die Unterhaltung ist gesichert.',
  engine_died:
    'Das Modell wurde unerwartet beendet und ist neu gestartet. Was schon geschrieben war, bleibt.',
  template_failed: 'Die Gesprächsvorlage des Modells lässt sich nicht verwenden.',
  no_model: 'Kein Modell ist gewählt, oder seine Datei ist nicht mehr da.',
  document_unsupported: 'Dateien dieser Art kann Longleaf nicht lesen.',
  document_damaged: 'Die Datei ist beschädigt.',
  document_encrypted:
    'Die Datei ist mit einem Passwort geschützt. Eine Kopie ohne Passwort lässt sich hinzufügen.',
  document_no_text:
    'Die Datei enthält keinen Text, vermutlich ist sie ein Scan. Nach einer Texterkennung (OCR) lässt sie sich hinzufügen.',
  document_too_large: 'Die Datei ist zu groß.',
  document_too_slow: 'Den Text aus dieser Datei zu holen dauerte zu lange.',
  not_found: 'Das gibt es nicht mehr.',
  busy: 'Eine Antwort ist schon unterwegs. Danach noch einmal versuchen.',
  unreachable: 'Die Verbindung zu Longleaf ist unterbrochen.',
};
