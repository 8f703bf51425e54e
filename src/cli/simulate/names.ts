/** What people, departments and teams of a made-up company are called. */
export const givenNames = words(`
  Ada Aisha Åse Amara Anton Astrid Bao Beatriz Bruno Carmen Chidi Chloé Dagny Dario Devi Elif Emeka Esther Farid
  Fiona Gabriel Greta Hana Henrik Imani Ines Ivo Jasper Jelena Joaquín Kaja Kenji Kwame Lars Leila Lucía Łukasz
  Maeve Malik Marta Mei Mirek Nadia Nils Noor Oksana Olivia Omar Paloma Pavel Priya Quentin Rahel Rasmus Rosa
  Samir Sanna Søren Tariq Thandi Tomás Ulla Vera Viktor Wanja Xenia Yara Yusuf Zoë Zuri`);

export const familyNames = words(`
  Abara Adler Almeida Anand Banerjee Bauer Bjørnstad Castellanos Chen Cohen Dahl Demir Diallo Duarte Eriksen Falk
  Farouk Ferreira Fischer Fontaine Garcia Grünwald Haddad Hallström Hashimoto Holm Ibarra Ito Jansen Kamau Kaplan
  Kowalski Krause Lie Lindqvist Lopes Madsen Marchetti Mbeki Mehta Moreau Müller Nakamura Ndiaye Nguyen Novák
  O’Brien Okafor Oliveira Papadakis Peeters Petrov Quist Ramírez Rossi Sandberg Schäfer Sharma Silva Sørensen
  Takeda Tanaka Ustinov Vargas Virtanen Weiß Yılmaz Zhang Zieliński`);

/** Each with its share of the people, and with their titles, the most senior last. */
export const departments = [
  { name: 'Engineering', share: 10, titles: ['Software Engineer', 'Senior Software Engineer', 'Engineering Manager'] },
  { name: 'Sales', share: 6, titles: ['Account Executive', 'Sales Engineer', 'Head of Sales'] },
  { name: 'Customer Support', share: 5, titles: ['Support Specialist', 'Support Engineer', 'Support Lead'] },
  { name: 'Product', share: 3, titles: ['Product Manager', 'Senior Product Manager', 'Head of Product'] },
  { name: 'Design', share: 2, titles: ['Product Designer', 'Researcher', 'Design Lead'] },
  { name: 'Finance', share: 2, titles: ['Accountant', 'Controller', 'Head of Finance'] },
  { name: 'People', share: 1, titles: ['Recruiter', 'People Partner', 'Head of People'] },
  { name: 'Marketing', share: 2, titles: ['Copywriter', 'Marketing Manager', 'Head of Marketing'] },
  { name: 'Legal', share: 1, titles: ['Counsel', 'Senior Counsel', 'General Counsel'] },
  {
    name: 'Infrastructure',
    share: 2,
    titles: ['Site Reliability Engineer', 'Database Engineer', 'Infrastructure Lead'],
  },
] as const;

/** Groups across departments; with a number behind the name where there are more groups than names. */
export const teams = [
  'Administrators',
  'On-call',
  'Data readers',
  'Contractors',
  'Release managers',
  'Security reviewers',
  'Beta testers',
  'Office Oslo',
  'Office Lisbon',
  'Office Nairobi',
  'Project Aurora',
  'Project Basalt',
  'Project Cirrus',
  'Project Delta',
  'Incident commanders',
  'Interviewers',
  'Hardware lab',
  'Works council',
  'Travel approvers',
  'Mentors',
] as const;

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
