"""Portuguese, as Brazil writes it."""

from relay.page.texts.wording import Explained, Texts

TEXTS = Texts(
    app="Aplicativo",
    chat="Conversa",
    question="Sua pergunta",
    question_hint="Escreva uma mensagem…",
    send="Enviar",
    run="Executar",
    run_again="Executar de novo",
    ask_again="Perguntar de novo",
    new_chat="Nova conversa",
    sign_out="Sair",
    earlier="Antes nesta conversa",
    dropped="Mensagens antigas que não aparecem mais: {n}",
    inputs="O que o aplicativo precisa saber",
    required="obrigatório",
    at_most_characters="no máximo {n} caracteres",
    at_most_files="no máximo {n} arquivos",
    json_hint="em JSON",
    choose="Escolha…",
    attach="Anexar arquivos",
    file_address="ou o endereço de um arquivo",
    file_addresses="ou endereços de arquivos, um por linha",
    suggested="Ou faça uma destas perguntas",
    unsent="Nada foi executado ainda. Confira o que está aqui e envie.",
    answer="Resposta",
    waiting="Aguardando a resposta",
    stop="Parar",
    stopped="Interrompido. O que já foi dito continua aqui.",
    steps="Etapas",
    steps_done="Etapas: {n} · {seconds}",
    step={
        "running": "em execução",
        "succeeded": "concluída",
        "failed": "falhou",
        "exception": "falhou, seguiu adiante",
        "stopped": "interrompida",
        "retry": "tentando de novo",
        "paused": "aguardando uma pessoa",
    },
    thought="Raciocínio",
    tool="Ferramenta: {name}",
    sources="Fontes",
    outputs="Resultados",
    download="Baixar",
    json="JSON",
    cut="Abreviado aqui.",
    nothing_said="O aplicativo não disse nada.",
    paused="Uma pessoa precisa decidir antes",
    paused_hint="A execução está aguardando. Ela continua quando alguém responder a isto no Dify.",
    broken_off="A resposta foi interrompida aqui. Você pode perguntar de novo.",
    no_question="Escreva uma pergunta primeiro.",
    check_inputs="Algo falta ou não está certo. Confira os campos marcados.",
    wrong={
        "required": "Preencha este campo.",
        "too_long": "O texto é longo demais: no máximo {n} caracteres.",
        "not_a_number": "Isto não é um número.",
        "not_an_option": "Escolha uma das opções.",
        "not_json": "Isto não é JSON.",
        "too_many_files": "São arquivos demais: no máximo {n}.",
        "not_a_file": "Isto não é o endereço de um arquivo: ele começa com https://.",
    },
    enter_key="Esta página precisa de uma chave",
    key_hint="Quem passou este endereço a você tem a chave.",
    key="Chave de API",
    key_send="Continuar",
    key_kept="Este navegador fica conectado por 12 horas, com um cookie que não contém a chave.",
    wrong_key="Esta não é a chave certa.",
    no_key="Ainda não há chave, e por isso ninguém pode entrar. O dono a define no Dify, nas configurações deste"
    " endpoint, em Chave de API.",
    no_cookie="Este navegador não guarda cookies desta página. Digite a chave mais uma vez: ela vale até a página ser"
    " fechada.",
    you_can="O que você pode fazer",
    owner_can="Para o dono deste endpoint",
    technical="Detalhes técnicos",
    request_id="ID da requisição",
    try_again="Você pode tentar de novo em {time}.",
    units={"seconds": "{n} s", "minutes": "{n} min", "hours": "{n} h"},
    unsigned=Explained(
        title="Não há página aqui",
        reader="Este endereço só aceita mensagens de um serviço que as assina. Se você esperava uma página, avise"
        " quem passou este endereço a você.",
        owner="Para ter uma página, defina Quem pode chamar como Todos ou como Quem tem a chave de API.",
    ),
    errors={
        "invalid_param": Explained(
            title="Algo nesta requisição não está certo",
            reader="Confira o que você preencheu e envie de novo.",
            owner="Os detalhes abaixo dizem qual é o valor. Se ele vem de um modelo das configurações do endpoint,"
            " altere o modelo.",
        ),
        "unauthorized": Explained(
            title="Esta página precisa de uma chave",
            reader="Digite a chave ou peça-a a quem passou este endereço a você.",
            owner="A chave está nas configurações do endpoint no Dify, em Chave de API. Para uma página aberta,"
            " defina"
            " Quem pode chamar como Todos.",
        ),
        "forbidden": Explained(
            title="Isto não é permitido",
            reader="Abra a própria página e envie a partir dela.",
            owner="A página foi chamada de outro site. Para incorporá-la nele, adicione-o a Origens CORS.",
        ),
        "app_not_allowed": Explained(
            title="Este aplicativo não está aberto aqui",
            reader="Confira o endereço ou pergunte a quem o passou a você.",
            owner="Adicione o ID do aplicativo a Aplicativos permitidos ou escolha-o como Aplicativo padrão.",
        ),
        "app_not_found": Explained(
            title="Este aplicativo não existe",
            reader="Confira o endereço ou pergunte a quem o passou a você.",
            owner="O endereço precisa indicar, pelo ID, um aplicativo publicado deste workspace. Sem ID, é"
            " executado o"
            " Aplicativo padrão.",
        ),
        "app_unavailable": Explained(
            title="Este aplicativo não pode ser usado no momento",
            reader="Tente de novo em alguns minutos. Se continuar assim, avise quem passou este endereço a você.",
            owner="Confira as configurações do endpoint e se o aplicativo funciona no Dify. Os detalhes abaixo dizem"
            " o que está errado; o log do plugin diz mais.",
        ),
        "not_found": Explained(
            title="Não há nada neste endereço",
            reader="Confira se o endereço foi digitado corretamente.",
            owner="A documentação lista os endereços deste endpoint.",
        ),
        "method_not_allowed": Explained(
            title="Este endereço não pode ser usado assim",
            reader="Abra-o de novo desde o início.",
            owner="A documentação diz quais métodos cada endereço aceita.",
        ),
        "delivery_in_progress": Explained(
            title="Isto já está sendo respondido",
            reader="Aguarde um momento e recarregue a página.",
            owner="A mesma requisição chegou duas vezes. Nada precisa ser alterado.",
        ),
        "delivery_not_found": Explained(
            title="Esta entrega não está aqui",
            reader="Ela pode ter sido excluída ou ser antiga demais.",
            owner="As entregas são guardadas por 24 horas.",
        ),
        "idempotency_key_reused": Explained(
            title="Isto já foi enviado com outro conteúdo",
            reader="Comece de novo e envie outra vez.",
            owner="Cada requisição diferente precisa do seu próprio Idempotency-Key.",
        ),
        "answer_not_kept": Explained(
            title="Isto já foi respondido antes",
            reader="A resposta era longa demais para ser guardada. Pergunte de novo.",
            owner="Respostas grandes demais não são guardadas para requisições repetidas.",
        ),
        "payload_too_large": Explained(
            title="É conteúdo demais de uma vez",
            reader="Envie menos texto, ou arquivos menores ou em menor número.",
            owner="Os detalhes abaixo dizem o limite. Alguns são definidos no Dify ou no servidor à frente dele.",
        ),
        "unsupported_media_type": Explained(
            title="Este tipo de conteúdo não pode ser lido",
            reader="Envie outro tipo de arquivo ou texto.",
            owner="Os detalhes abaixo dizem o que é aceito.",
        ),
        "too_many_requests": Explained(
            title="Um limite foi atingido",
            reader="Tente de novo mais tarde.",
            owner="Um limite foi atingido: deste endpoint (Limites), do Dify ou do modelo.",
        ),
        "app_failed": Explained(
            title="O aplicativo não conseguiu terminar",
            reader="Tente de novo. Se falhar outra vez, avise quem passou este endereço a você.",
            owner="Execute o aplicativo no Dify e veja o log: ele ou o modelo informou um erro.",
        ),
        "app_timeout": Explained(
            title="O aplicativo demorou demais",
            reader="Tente de novo, talvez com uma pergunta mais curta.",
            owner="Deixe o aplicativo mais rápido ou dê a ele uma chave própria (Chaves de aplicativos): assim"
            " ele pode"
            " levar até dez minutos.",
        ),
        "internal_error": Explained(
            title="Algo deu errado aqui",
            reader="Tente de novo em instantes.",
            owner="O log do plugin tem mais informações com o ID da requisição. Por favor, relate o problema.",
        ),
    },
)
